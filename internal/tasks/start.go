package tasks

import (
	"time"

	"mycloudmanager/internal/flow"
)

// Start asks for one operation.
type Start struct {
	Operation flow.Operation
	Input     any
	Request   flow.Request
	Key       string // Idempotency-Key, may be empty
	Body      []byte // what the key stands for
}

// LogLine is one line of a task's log.
type LogLine struct {
	Time    time.Time `json:"time"`
	Step    string    `json:"step"`
	Level   string    `json:"level"` // info | error
	Message string    `json:"message"`
}
