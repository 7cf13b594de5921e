// Package audit keeps who did what: append-only, chained by a keyed hash, for years.
package audit

import (
	"time"

	"mycloudmanager/internal/operation"
)

// Record is one line of the audit. It is never changed after it was written.
type Record struct {
	ID        int64              `json:"id"`
	Time      time.Time          `json:"time"`
	Actor     operation.Actor    `json:"actor"`
	SourceIP  string             `json:"source_ip"`
	UserAgent string             `json:"user_agent"`
	Via       string             `json:"via"`
	Operation string             `json:"operation"`
	Title     string             `json:"title"`
	Targets   []operation.Target `json:"targets"`
	Changes   []operation.Change `json:"changes"`
	Outcome   string             `json:"outcome" doc:"started, succeeded, failed, partially_failed, cancelled, refused"`
	Detail    string             `json:"detail"`
	Task      string             `json:"task" doc:"task id, empty for what is no task"`
	RequestID string             `json:"request_id"`

	// Key makes writing idempotent: a second record with the same key is the same record.
	Key string `json:"-"`
}

// The outcomes that are not statuses of tasks.
const (
	Started = "started"
	Refused = "refused"
)

// Filter selects records. Zero values select all.
type Filter struct {
	Actor     string
	Operation string
	Target    string
	Outcome   string
	Via       string
	Query     string // words anywhere in the record
	Since     time.Time
	Until     time.Time
	PageSize  int
	Before    int64 // id: the page starts below it; 0 = newest
}
