// Package notification tells people by mail, and programs by signed webhooks, what became of backup plans.
package notification

import (
	"strings"
	"time"
	"unicode"

	"mycloudmanager/internal/operation"
)

// Kind is what a notification is about.
type Kind string

// The kinds, in the words of the REST contract.
const (
	Failed          Kind = "failed"           // a run, or the verification of a backup
	PartiallyFailed Kind = "partially_failed" // a run: on some of the instances
	Missed          Kind = "missed"           // runs that were due while nothing ran, for longer than they may be late
	Overdue         Kind = "overdue"          // two due times in a row have brought no good backup
	Recovered       Kind = "recovered"        // the first success after a failure
	Test            Kind = "test"
)

// Notification is one thing to be told. Its id stays the same when it is sent again.
type Notification struct {
	ID            string     `json:"id"`
	Kind          Kind       `json:"kind"`
	Plan          Plan       `json:"plan,omitzero"` // none of a test
	Reason        string     `json:"reason,omitempty"`
	Instances     []Instance `json:"instances,omitempty"`
	MoreInstances int        `json:"more,omitempty"`        // instances that are left out
	Missed        int        `json:"missed_runs,omitempty"` // since the notification before
	Since         time.Time  `json:"since,omitzero"`        // when the plan became stale
	Task          string     `json:"task,omitempty"`        // id
	At            time.Time  `json:"time"`
}

// Plan is the backup plan that a notification is about.
type Plan struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Instance is one of those that a notification is about.
type Instance struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"`
}

// WorkflowID is that of the notification's delivery: Temporal refuses a second one by it.
func (n Notification) WorkflowID() string { return "notification:" + n.ID }

// Bounds of what a notification says, so that no mail and no webhook grows without end.
const (
	maxInstances = 50
	maxLine      = 300
)

// Truncate returns the notification within what a channel takes: instances beyond the first are counted, texts
// are single lines.
func (n Notification) Truncate() Notification {
	if extra := len(n.Instances) - maxInstances; extra > 0 {
		n.Instances, n.MoreInstances = n.Instances[:maxInstances], n.MoreInstances+extra
	}
	n.Plan.Name, n.Reason = line(n.Plan.Name), line(n.Reason)
	instances := n.Instances
	n.Instances = nil
	for _, i := range instances {
		n.Instances = append(n.Instances, Instance{ID: i.ID, Name: line(i.Name), Reason: line(i.Reason)})
	}
	return n
}

// line makes one line of a text that came from elsewhere, and of a long one its beginning.
func line(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if short := []rune(text); len(short) > maxLine {
		return string(short[:maxLine-1]) + "…"
	}
	return text
}

// ChannelKind is the way that a channel takes.
type ChannelKind string

// The ways.
const (
	Mail    ChannelKind = "mail"
	Webhook ChannelKind = "webhook"
)

// Channel is where notifications go. There is no secret in it.
type Channel struct {
	ID      string      `json:"id" doc:"stays the same as long as its address does"`
	Kind    ChannelKind `json:"kind" enum:"mail,webhook"`
	Address string      `json:"address" doc:"addresses, or the URL without what may be secret in it"`
}

// DeliveryAttempt is how the last delivery to a channel went.
type DeliveryAttempt struct {
	Channel
	Status      Status    `json:"status" enum:"delivered,retrying,failed"`
	Reason      string    `json:"reason,omitempty"`
	AttemptedAt time.Time `json:"attempted_at"`
}

// Status is the state of a delivery.
type Status string

// The states.
const (
	Delivered      Status = "delivered"
	Retrying       Status = "retrying" // it is repeated for a day
	DeliveryFailed Status = "failed"
)

// Memo is where the workflow of a delivery keeps its Record.
const Memo = "notification"

// Record is what is kept of a delivery.
type Record struct {
	Kind     Kind              `json:"kind"`
	Plan     Plan              `json:"plan,omitzero"`
	Channels []DeliveryAttempt `json:"channels"`
}

// TestTarget is what a test acts on: one at a time.
var TestTarget = operation.Target{Kind: "notification", ID: "test", Name: "test"}
