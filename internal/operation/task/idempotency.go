package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// lookupTimeout limits the time between the search for an earlier task with the same key and the start of the new task: in
// between, another replica may start a task (ADR 20).
const lookupTimeout = 10 * time.Second

// FindByIdempotencyKey returns the task that an earlier request with the same Idempotency-Key has started, or nil. If the
// body of the earlier request was different, it returns a Conflict.
func (s *Service) FindByIdempotencyKey(ctx context.Context, in StartRequest) (*Task, error) {
	key := prepareKey(&in)
	return s.findByKey(ctx, key, in)
}

// prepareKey returns the value of the search attribute for the Idempotency-Key. It sets BodyHash of the request.
func prepareKey(in *StartRequest) string {
	in.Request.BodyHash = hash(in.Operation.Name, in.workflowID(), string(in.Body))
	return hash(in.Request.Actor.ID, in.Operation.Name, in.Key)
}

// findByKey returns the task that was started with the key, or nil. It reads the newest run of the workflow first, because
// the visibility store may not contain a new run yet.
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
	return &fault.Error{Kind: fault.Conflict, Message: i18n.Messagef("this Idempotency-Key was used with another request"), Task: id}
}

// started returns the task of a new run. If another replica has started the run with the same key but another body, it
// returns a Conflict.
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
