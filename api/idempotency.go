package api

import (
	"context"
	"encoding/json"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

// IdempotencyHeader is embedded in every request that starts work.
type IdempotencyHeader struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"same key and body: the same task, also days later"`
}

// idempotent answers a request that is repeated with its task. Only a new one comes to begin, which looks at
// the cloud: that has changed since the first, perhaps by the very task that the caller lost sight of.
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
