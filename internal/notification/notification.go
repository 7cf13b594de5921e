// Package notification notifies users by mail and programs by signed webhooks about the results of backup plans.
package notification

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Kind is the reason for a notification.
type Kind string

// The kinds, as in the REST contract.
const (
	Failed          Kind = "failed"           // a run, or the verification of a backup, failed
	PartiallyFailed Kind = "partially_failed" // a run failed on some of the instances
	Missed          Kind = "missed"           // runs that were due while the manager was down, for longer than the catch-up window
	Overdue         Kind = "overdue"          // two consecutive due times without a good backup
	Recovered       Kind = "recovered"        // the first success after a failure
	Test            Kind = "test"
)

// Notification is one message. Its ID stays the same when it is sent again.
type Notification struct {
	ID            string       `json:"id"`
	Kind          Kind         `json:"kind"`
	Plan          Plan         `json:"plan,omitzero"` // absent in a test
	Reason        i18n.Message `json:"reason,omitzero"`
	Instances     []Instance   `json:"instances,omitempty"`
	MoreInstances int          `json:"more,omitempty"`        // number of instances that were omitted
	Missed        int          `json:"missed_runs,omitempty"` // since the previous notification
	Since         time.Time    `json:"since,omitzero"`        // when the plan became overdue
	Task          string       `json:"task,omitempty"`        // task ID
	At            time.Time    `json:"time"`
}

// Plan is the backup plan of a notification.
type Plan struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Instance is one affected instance.
type Instance struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Reason i18n.Message `json:"reason,omitzero"`
}

// WorkflowID returns the workflow ID of the delivery: Temporal refuses a second one.
func (n Notification) WorkflowID() string { return "notification:" + n.ID }

// Limits of a notification, so that mails and webhooks stay small.
const (
	maxInstances = 50
	maxLine      = 300
)

// Truncate returns the notification within the limits: it counts further instances, and makes texts single lines.
func (n Notification) Truncate() Notification {
	if extra := len(n.Instances) - maxInstances; extra > 0 {
		n.Instances, n.MoreInstances = n.Instances[:maxInstances], n.MoreInstances+extra
	}
	n.Plan.Name, n.Reason = line(n.Plan.Name), n.Reason.MapText(line)
	instances := n.Instances
	n.Instances = nil
	for _, i := range instances {
		n.Instances = append(n.Instances, Instance{ID: i.ID, Name: line(i.Name), Reason: i.Reason.MapText(line)})
	}
	return n
}

// localized returns a copy of the notification with its reasons in the language.
func (n Notification) localized(language string) Notification {
	n.Reason, n.Instances = n.Reason.Localized(language).MapText(line), slices.Clone(n.Instances)
	for i := range n.Instances {
		n.Instances[i].Reason = n.Instances[i].Reason.Localized(language).MapText(line)
	}
	return n
}

// line returns the first line of an external text, truncated.
func line(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if short := []rune(text); len(short) > maxLine {
		return string(short[:maxLine-1]) + "…"
	}
	return text
}

// ChannelKind is the kind of a channel.
type ChannelKind string

// The kinds of channels.
const (
	Mail    ChannelKind = "mail"
	Webhook ChannelKind = "webhook"
)

// Channel is a destination of notifications. It contains no secret.
type Channel struct {
	ID      string      `json:"id" doc:"stays the same as long as its address does"`
	Kind    ChannelKind `json:"kind" enum:"mail,webhook"`
	Address string      `json:"address" doc:"addresses, or the URL without what may be secret in it"`
}

// DeliveryAttempt is the result of the last delivery to a channel.
type DeliveryAttempt struct {
	Channel
	Status      Status       `json:"status" enum:"delivered,retrying,failed"`
	Reason      i18n.Message `json:"reason,omitzero"`
	AttemptedAt time.Time    `json:"attempted_at"`
}

// Status is the status of a delivery.
type Status string

// The statuses.
const (
	Delivered      Status = "delivered"
	Retrying       Status = "retrying" // repeated for a day
	DeliveryFailed Status = "failed"
)

// Memo is the memo field with the Record of a delivery.
const Memo = "notification"

// Record is the stored result of a delivery.
type Record struct {
	Kind     Kind              `json:"kind"`
	Plan     Plan              `json:"plan,omitzero"`
	Channels []DeliveryAttempt `json:"channels"`
}

// TestTarget is the target of a test notification: one test runs at a time.
var TestTarget = operation.Target{Kind: "notification", ID: "test", Name: "test"}
