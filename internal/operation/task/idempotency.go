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

// lookupTimeout bounds the time between the look for a key's task and the start: the shorter, the less
// can happen on the target meanwhile (ADR 20).
const lookupTimeout = 10 * time.Second

// FindByIdempotencyKey finds the task that this very request started before, nil when there is none. The same
// Idempotency-Key with another body is a conflict.
func (s *Service) FindByIdempotencyKey(ctx context.Context, in StartRequest) (*Task, error) {
	key := keyed(&in)
	return s.findByKey(ctx, key, in)
}

// keyed returns what the caller's Idempotency-Key is known by, and notes what it stands for.
func keyed(in *StartRequest) string {
	in.Request.BodyHash = hash(in.Operation.Name, in.workflowID(), string(in.Body))
	return hash(in.Request.Actor.ID, in.Operation.Name, in.Key)
}

// findByKey finds the task that the key started, nil when it started none. The newest run of the
// workflow is asked first: visibility may lag behind it.
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

// started shows the run that a start has given: with a key perhaps another replica's, for another body.
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
