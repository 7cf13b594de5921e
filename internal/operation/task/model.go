// Package task starts operations as Temporal workflows and returns the executions as tasks. Lists of tasks are read from
// the visibility store, details from the workflow.
package task

import (
	"time"

	"mycloudmanager/internal/operation"
)

// Task is one execution of an operation as the API returns it.
type Task struct {
	ID        string             `json:"id"`
	Operation string             `json:"operation"`
	Title     string             `json:"title"`
	Targets   []operation.Target `json:"targets"`
	Actor     operation.Actor    `json:"actor"`
	Via       string             `json:"via" enum:"ui,api,schedule,cli"`
	Status    operation.Status   `json:"status" enum:"queued,running,blocked,cancelling,succeeded,failed,partially_failed,cancelled,timed_out"`
	Message   string             `json:"message"`
	Progress  Progress           `json:"progress"`
	Steps     []Step             `json:"steps"`
	Error     *Error             `json:"error,omitempty"`
	Result    map[string]any     `json:"result"`
	StartedAt time.Time          `json:"started_at"`
	EndedAt   *time.Time         `json:"ended_at" nullable:"true"`
	RetryOf   string             `json:"retry_of,omitempty" doc:"id of the failed task that this task repeats"`
	Links     Links              `json:"links"`
}

// Error is the error that has blocked or failed a task.
type Error struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Progress is the number of steps without skipped ones.
type Progress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// Step is one step of a task.
type Step struct {
	Name      string           `json:"name"`
	Title     string           `json:"title"`
	Status    operation.Status `json:"status" enum:"queued,running,blocked,succeeded,failed,cancelled,skipped"`
	Attempt   int              `json:"attempt"`
	StartedAt *time.Time       `json:"started_at" nullable:"true"`
	EndedAt   *time.Time       `json:"ended_at" nullable:"true"`
	Message   string           `json:"message"`
	Undo      bool             `json:"undo" doc:"true for a compensation"`
}

// Links are the URLs of a task.
type Links struct {
	Self     string `json:"self"`
	Log      string `json:"log"`
	Target   string `json:"target,omitempty"`
	Temporal string `json:"temporal,omitempty"`
}

// Filter selects tasks. A zero value of a field selects all tasks.
type Filter struct {
	Status    operation.Status
	Operation string
	Target    string
	Actor     string
	Since     time.Time
	Until     time.Time
	PageSize  int
	PageToken string
}

// Page is one page of a list.
type Page struct {
	Items         []Task `json:"items"`
	NextPageToken string `json:"next_page_token"`
}
