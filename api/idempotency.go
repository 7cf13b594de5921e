package api

import (
	"context"
	"encoding/json"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

// IdempotencyHeader is embedded in every request that starts a task.
type IdempotencyHeader struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"a repeated request with the same key and body returns the same task, even days later"`
}

// idempotent returns the existing task if a request is repeated with the same key. Only a new request reaches begin,
// which checks the state of the cloud: the first request's task may have changed that state.
func (s *Server) idempotent(ctx context.Context, in IdempotencyHeader, operation string, body any, target operation.Target, begin func() (*Accepted, error)) (*Accepted, error) {
	if in.IdempotencyKey == "" {
		return begin()
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	t, err := s.Tasks.FindByIdempotencyKey(ctx, task.StartRequest{Operation: s.Operations[operation], Request: request(ctx, operation, target), Key: in.IdempotencyKey, Body: encoded})
	if err != nil {
		return nil, err
	}
	if t != nil {
		return accepted(*t, nil)
	}
	return begin()
}
