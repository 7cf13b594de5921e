package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// lookupTimeout limits the time between the search for the task of a key and the start: the target may change in between
// (ADR 20).
const lookupTimeout = 10 * time.Second

// FindByIdempotencyKey returns the task that the same request has started before, or nil. The same Idempotency-Key with
// another body is a conflict.
func (s *Service) FindByIdempotencyKey(ctx context.Context, in StartRequest) (*Task, error) {
	key := keyed(&in)
	return s.findByKey(ctx, key, in)
}

// keyed returns the search attribute of an Idempotency-Key, and stores the hash of the body in the request.
func keyed(in *StartRequest) string {
	in.Request.BodyHash = hash(in.Operation.Name, in.workflowID(), string(in.Body))
	return hash(in.Request.Actor.ID, in.Operation.Name, in.Key)
}

// findByKey returns the task that the key has started, or nil. It reads the newest run of the workflow first, because
// visibility may lag behind.
func (s *Service) findByKey(ctx context.Context, key string, in StartRequest) (*Task, error) {
	id := in.workflowID()
	found, err := s.describe(ctx, id, "")
	switch {
	case fault.KindOf(err) == fault.NotFound:
	case err != nil:
		return nil, err
	case found.key == key:
		return s.sameBody(ctx, found.taskID, found.request, in)
	}
	rows, err := s.rows(ctx, fmt.Sprintf("%s = '%s'", operation.IdempotencyKey, key), 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.sameBody(ctx, rows[0].taskID, rows[0].request, in)
}

func (s *Service) sameBody(ctx context.Context, id string, before operation.Request, in StartRequest) (*Task, error) {
	if before.BodyHash != in.Request.BodyHash {
		return nil, otherBody(id)
	}
	t, err := s.Get(ctx, id)
	return &t, err
}

func otherBody(id string) error {
	return &fault.Error{Kind: fault.Conflict, Message: "this Idempotency-Key was used with another request", Task: id}
}

// started returns the task of a run. With a key, another replica may have started the run for another body.
func (s *Service) started(ctx context.Context, id string, in StartRequest) (Task, error) {
	found, err := s.find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	if found.request.BodyHash != in.Request.BodyHash {
		return Task{}, otherBody(id)
	}
	return s.task(ctx, found, s.progress(ctx, found)), nil
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}
