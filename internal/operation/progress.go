package operation

import (
	"time"

	"mycloudmanager/internal/platform/i18n"
)

// Names of queries, updates, memo fields and search attributes.
const (
	ProgressQuery = "progress" // query: Progress
	RetryUpdate   = "retry"    // update: Retry, accepted while blocked
	ProgressMemo  = "progress" // memo: the final Progress of a closed task
	RequestMemo   = "request"  // memo: the Request that started the task

	TaskKey        = "McmTask"      // search attribute: task ID
	OperationKey   = "McmOperation" // search attribute: Operation.Name
	TargetsKey     = "McmTargets"   // search attribute, KeywordList: "<kind>:<id>"
	ActorKey       = "McmActor"     // search attribute, KeywordList: user ID and name
	OutcomeKey     = "McmOutcome"   // search attribute: Status
	ViaKey         = "McmVia"       // search attribute: ui, api, schedule or cli
	IdempotencyKey = "McmKey"       // search attribute: hash of the caller's Idempotency-Key
)

// Status is the status of a task or of one of its steps. The values are those of the REST contract.
type Status string

// The statuses.
const (
	Queued          Status = "queued"
	Running         Status = "running"
	Blocked         Status = "blocked"
	Cancelling      Status = "cancelling"
	Succeeded       Status = "succeeded"
	Failed          Status = "failed"
	PartiallyFailed Status = "partially_failed"
	Cancelled       Status = "cancelled"
	TimedOut        Status = "timed_out"
	Skipped         Status = "skipped" // steps only
)

// Closed reports whether the task or the step has ended.
func (s Status) Closed() bool {
	switch s {
	case Succeeded, Failed, PartiallyFailed, Cancelled, TimedOut, Skipped:
		return true
	}
	return false
}

// Step is one activity of an operation as users see it.
type Step struct {
	Name      string       `json:"name"`
	Status    Status       `json:"status"`
	Attempt   int          `json:"attempt,omitempty"`
	StartedAt *time.Time   `json:"started_at,omitempty"`
	EndedAt   *time.Time   `json:"ended_at,omitempty"`
	Message   i18n.Message `json:"message,omitzero"`
	Undo      bool         `json:"undo,omitempty"` // true for a compensation
}

// Error is the error that has blocked or failed a task.
type Error struct {
	Code   string       `json:"code"`
	Detail i18n.Message `json:"detail"`
}

// Change is one value that an operation changes. Secrets are masked.
type Change struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Progress is the result of ProgressQuery.
type Progress struct {
	Status  Status         `json:"status"`
	Message i18n.Message   `json:"message,omitzero"`
	Steps   []Step         `json:"steps"`
	Error   *Error         `json:"error,omitempty"`
	Result  map[string]any `json:"result,omitempty"`
}

// Target is an object that an operation acts on.
type Target struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Actor is the user who requested an operation.
type Actor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Request describes the caller, the source and the targets of an operation. It is stored in the memo of the workflow.
type Request struct {
	Operation string   `json:"operation"`
	Targets   []Target `json:"targets"`
	Actor     Actor    `json:"actor"`
	Project   string   `json:"project,omitempty"`
	Role      string   `json:"role,omitempty"`
	Via       string   `json:"via"`
	SourceIP  string   `json:"source_ip,omitempty"`
	UserAgent string   `json:"user_agent,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	BodyHash  string   `json:"body_hash,omitempty"` // hash of the request body, if the request has an Idempotency-Key
	RetryOf   string   `json:"retry_of,omitempty"`  // ID of the failed task that this task repeats
	Changes   []Change `json:"changes,omitempty"`
}

// ViaSchedule is the value of Request.Via for operations that a schedule starts.
const ViaSchedule = "schedule"

// Retry is the argument of RetryUpdate.
type Retry struct {
	UserToken string `json:"user_token,omitempty"` // new token, for stack operations; encrypted by the codec
}
