package task

import "mycloudmanager/internal/operation"

// StartRequest describes a task to start.
type StartRequest struct {
	Operation operation.Operation
	Input     any
	Request   operation.Request
	Key       string // Idempotency-Key, may be empty
	Body      []byte // compared when the key is used again
	// ID is the workflow ID, for work on several targets. "" selects the ID of the single target, which excludes a
	// second operation on it.
	ID string
}

func (in StartRequest) workflowID() string {
	if in.ID != "" {
		return in.ID
	}
	return in.Request.Targets[0].WorkflowID()
}
