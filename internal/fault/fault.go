// Package fault defines the error kinds of the product, which the cloud clients, Temporal activities, the REST API and
// the UI share.
package fault

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
)

// Kind is the kind of an error: what the caller can do about it.
type Kind string

// The kinds. Their values are the `code` of the REST contract.
const (
	Invalid      Kind = "invalid"
	Unauthorized Kind = "unauthorized"
	Forbidden    Kind = "forbidden"
	NotFound     Kind = "not_found"
	Conflict     Kind = "conflict"
	Quota        Kind = "quota"
	Unavailable  Kind = "unavailable"
	RateLimited  Kind = "rate_limited"
	Internal     Kind = "internal"
)

// Retryable reports whether the same call may succeed later.
func (k Kind) Retryable() bool { return k == Unavailable || k == RateLimited || k == Internal }

// Blocks reports whether a user can remove the cause: the operation then waits as blocked.
func (k Kind) Blocks() bool { return k == Quota || k == Conflict || k == Unauthorized }

// known reports whether k is one of the kinds, and not an error type of Temporal.
func (k Kind) known() bool {
	switch k {
	case Invalid, Unauthorized, Forbidden, NotFound, Conflict, Quota, Unavailable, RateLimited, Internal:
		return true
	}
	return false
}

// Field is the error of one field of a request.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is an error with a Kind and a message for users. Err is the cause, for the log.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Task    string // for Conflict: ID of the conflicting task
	Err     error
}

// Error returns the message for users without the cause.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k.
func New(k Kind, err error, format string, args ...any) error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...), Err: err}
}

// InvalidField returns an Invalid error for one field of a request.
func InvalidField(field, format string, args ...any) error {
	m := fmt.Sprintf(format, args...)
	return &Error{Kind: Invalid, Message: field + ": " + m, Fields: []Field{{Field: field, Message: m}}}
}

// IgnoreNotFound returns nil for a NotFound error, and err otherwise: deleting a missing object is a success.
func IgnoreNotFound(err error) error {
	if KindOf(err) == NotFound {
		return nil
	}
	return err
}

// KindOf returns the Kind of err, also after it crossed Temporal. It returns Internal for an unclassified error, and ""
// for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Kind
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && Kind(app.Type()).known() {
		return Kind(app.Type())
	}
	if _, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return Unavailable
	}
	return Internal
}

// MessageOf returns the message for users: that of a fault, or the text of any other error without Temporal's wrapping.
func MessageOf(err error) string {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Message
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	return err.Error()
}

// ForTemporal converts err to an application error for an activity or a workflow. The Kind becomes the error type, and
// decides whether Temporal retries.
func ForTemporal(err error) error { return forTemporal(err, !KindOf(err).Retryable()) }

// Final is ForTemporal for an error that must not be retried.
func Final(err error) error { return forTemporal(err, true) }

func forTemporal(err error, final bool) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(MessageOf(err), string(KindOf(err)),
		temporal.ApplicationErrorOptions{NonRetryable: final, Cause: err})
}
