// Package fault is the one error vocabulary of the platform: cloud, Temporal, HTTP and UI share it.
package fault

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
)

// Kind says what the caller can do about an error.
type Kind string

// The kinds. Their spelling is the `code` of the REST contract.
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

// Retryable reports whether the same call may succeed later unchanged.
func (k Kind) Retryable() bool { return k == Unavailable || k == RateLimited || k == Internal }

// Blocks reports whether a person can take away the cause: the operation waits for that as "blocked".
func (k Kind) Blocks() bool { return k == Quota || k == Conflict || k == Unauthorized }

// known reports whether k is one of the kinds; Temporal's own error types are not.
func (k Kind) known() bool {
	switch k {
	case Invalid, Unauthorized, Forbidden, NotFound, Conflict, Quota, Unavailable, RateLimited, Internal:
		return true
	}
	return false
}

// Field is one fault of one field of a request.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is an error with a Kind and a message fit for the user; Err is for the log.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Task    string // id of the task in the way, for Conflict
	Err     error
}

// Error returns the user's message alone: what is inside is logged, never shown.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k.
func New(k Kind, err error, format string, args ...any) error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...), Err: err}
}

// InvalidField returns an Invalid error about one field.
func InvalidField(field, format string, args ...any) error {
	m := fmt.Sprintf(format, args...)
	return &Error{Kind: Invalid, Message: field + ": " + m, Fields: []Field{{Field: field, Message: m}}}
}

// IgnoreNotFound returns nil for what is not there, as who deletes it wishes, and any other err as it is.
func IgnoreNotFound(err error) error {
	if KindOf(err) == NotFound {
		return nil
	}
	return err
}

// KindOf returns the Kind of err, also after it crossed Temporal. It is Internal for what is not
// classified and empty for nil.
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

// MessageOf returns the text for the user: of a fault its message, of anything else err's own text
// without Temporal's wrapping.
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

// ForTemporal turns err into the form that crosses an activity or workflow boundary: its Kind
// becomes the error type, and Retryable decides the retry.
func ForTemporal(err error) error { return forTemporal(err, !KindOf(err).Retryable()) }

// Final is ForTemporal for an error that must not be retried whatever its kind.
func Final(err error) error { return forTemporal(err, true) }

func forTemporal(err error, final bool) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(MessageOf(err), string(KindOf(err)),
		temporal.ApplicationErrorOptions{NonRetryable: final, Cause: err})
}
