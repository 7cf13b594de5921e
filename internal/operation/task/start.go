package task

import "mycloudmanager/internal/operation"

// StartRequest describes a task to start.
type StartRequest struct {
	Operation operation.Operation
	Input     any
	Request   operation.Request
	Key       string // Idempotency-Key, or ""
	Body      []byte // a second request with the same key must have the same body
	// ID is the workflow ID of an operation on several targets. If ID is "", the workflow ID is that of the first target,
	// so that no other operation runs on the target at the same time.
	ID string
}

func (in StartRequest) workflowID() string {
	if in.ID != "" {
		return in.ID
	}
	return in.Request.Targets[0].WorkflowID()
}
