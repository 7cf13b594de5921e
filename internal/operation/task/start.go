package task

import "mycloudmanager/internal/operation"

// StartRequest asks for one operation.
type StartRequest struct {
	Operation operation.Operation
	Input     any
	Request   operation.Request
	Key       string // Idempotency-Key, may be empty
	Body      []byte // what the key stands for
	// ID is the workflow's id, for work on many targets at once; "" is that of the one target, which
	// keeps a second operation on it away.
	ID string
}

func (in StartRequest) workflowID() string {
	if in.ID != "" {
		return in.ID
	}
	return in.Request.Targets[0].WorkflowID()
}
