// Package audit stores the audit log. Records are only appended, never changed or deleted. A chain of HMACs over the
// records detects later changes.
package audit

import (
	"time"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Record is one record of the audit log.
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
	Detail    i18n.Message       `json:"detail"`
	Task      string             `json:"task" doc:"task ID; empty for a record that does not belong to a task"`
	RequestID string             `json:"request_id"`

	// Key makes Append idempotent: a second record with the same key is ignored.
	Key string `json:"-"`
}

// Outcomes in addition to the statuses of tasks.
const (
	Started = "started"
	Refused = "refused"
)

// Filter selects records. A zero value of a field selects all records.
type Filter struct {
	Actor     string
	Operation string
	Target    string
	Outcome   string
	Via       string
	Query     string // words that the record must contain, in any field
	Since     time.Time
	Until     time.Time
	PageSize  int
	Before    int64 // select records with lower IDs; 0 starts with the newest record
}
