// Package audit stores who did what: append-only, chained by a keyed hash, kept for years.
package audit

import (
	"time"

	"mycloudmanager/internal/operation"
)

// Record is one record of the audit log. It is never changed after it was written.
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
	Task      string             `json:"task" doc:"task ID; empty for a record that does not belong to a task"`
	RequestID string             `json:"request_id"`

	// Key makes writes idempotent: two records with the same key are the same record.
	Key string `json:"-"`
}

// Outcomes other than the statuses of tasks.
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
	Before    int64 // the page contains records with lower IDs; 0: newest
}
