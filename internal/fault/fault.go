// Package fault defines the kinds of errors that the cloud clients, Temporal activities, the REST API and the UI
// distinguish.
package fault

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/platform/i18n"
)

// Kind classifies errors by the possible reactions of the caller.
type Kind string

// The kinds. Their values are the values of the field code in the REST contract.
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

// Blocks reports whether a user can remove the cause of the error. The operation is then blocked until the user retries or
// cancels it.
func (k Kind) Blocks() bool { return k == Quota || k == Conflict || k == Unauthorized }

// known reports whether k is one of the kinds, and not another error type of a Temporal application error.
func (k Kind) known() bool {
	switch k {
	case Invalid, Unauthorized, Forbidden, NotFound, Conflict, Quota, Unavailable, RateLimited, Internal:
		return true
	}
	return false
}

// Field is the error of one field of a request.
type Field struct {
	Field   string       `json:"field"`
	Message i18n.Message `json:"message"`
}

// Error is an error with a Kind and a message for users.
type Error struct {
	Kind    Kind
	Message i18n.Message
	Fields  []Field
	Task    string // for Conflict: ID of the conflicting task
	Err     error  // the cause, for logs; may be nil
}

// Error returns the message for users in English, without the cause.
func (e *Error) Error() string { return e.Message.String() }

// LocalizableMessage implements i18n.Localizable.
func (e *Error) LocalizableMessage() i18n.Message { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an *Error of kind k with the cause err, which may be nil.
func New(k Kind, err error, format string, args ...any) error {
	return &Error{Kind: k, Message: i18n.Messagef(format, args...), Err: err}
}

// InvalidField returns an *Error of kind Invalid for one field of a request.
func InvalidField(field, format string, args ...any) error {
	m := i18n.Messagef(format, args...)
	return &Error{Kind: Invalid, Message: i18n.Messagef("%s: %s", field, m), Fields: []Field{{Field: field, Message: m}}}
}

// IgnoreNotFound returns nil for a NotFound error and err otherwise. Use it for requests that delete an object.
func IgnoreNotFound(err error) error {
	if KindOf(err) == NotFound {
		return nil
	}
	return err
}

// KindOf returns the Kind of err, also if Temporal has returned err. It returns Internal for other errors, and "" for nil.
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

// MessageOf returns the message of err for users, without the texts that Temporal adds. It returns an empty message for
// nil.
func MessageOf(err error) i18n.Message {
	if err == nil {
		return i18n.Message{}
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f.Message
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		var m i18n.Message
		if !app.HasDetails() || app.Details(&m) != nil || m.IsZero() {
			return i18n.Verbatim(app.Message())
		}
		return m
	}
	return i18n.Verbatim(err.Error())
}

// ForTemporal converts err to a Temporal application error. The error type is the Kind, and Temporal retries the activity
// only if the Kind is retryable. The details hold the message with its arguments. A cancellation is returned unchanged.
func ForTemporal(err error) error { return forTemporal(err, !KindOf(err).Retryable()) }

// Final is ForTemporal for an error that Temporal must not retry.
func Final(err error) error { return forTemporal(err, true) }

func forTemporal(err error, final bool) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	message := MessageOf(err)
	return temporal.NewApplicationErrorWithOptions(message.String(), string(KindOf(err)),
		temporal.ApplicationErrorOptions{NonRetryable: final, Cause: err, Details: []any{message}})
}
