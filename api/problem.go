package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// Problem is the RFC 9457 body of every error.
type Problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail i18n.Message  `json:"detail,omitzero"`
	Code   string        `json:"code" enum:"invalid,unauthorized,forbidden,not_found,conflict,quota,unavailable,rate_limited,internal"`
	Errors []fault.Field `json:"errors,omitempty"`
	Task   string        `json:"task,omitempty" doc:"URL of the conflicting task"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail.String() }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (*Problem) ContentType(string) string { return "application/problem+json" }

var statusOf = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Unauthorized: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Quota: http.StatusForbidden,
	fault.Unavailable: http.StatusServiceUnavailable, fault.RateLimited: http.StatusTooManyRequests, fault.Internal: http.StatusInternalServerError,
}

var codeOf = map[int]fault.Kind{
	http.StatusUnauthorized: fault.Unauthorized, http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound,
	http.StatusConflict: fault.Conflict, http.StatusPreconditionFailed: fault.Conflict, http.StatusTooManyRequests: fault.RateLimited,
	http.StatusServiceUnavailable: fault.Unavailable, http.StatusBadGateway: fault.Unavailable, http.StatusGatewayTimeout: fault.Unavailable,
}

func newProblem(status int, detail i18n.Message, fields ...fault.Field) *Problem {
	code, ok := codeOf[status]
	switch {
	case ok:
	case status >= http.StatusInternalServerError:
		code = fault.Internal
	default:
		code = fault.Invalid
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: string(code), Errors: fields}
}

// problemOf converts every error of the API. A fault keeps its kind and its message for the user; any other error becomes
// "internal": it is logged, and its text is not shown.
func problemOf(ctx context.Context, err error) error {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.in(ctx)
	}
	kind := fault.KindOf(err)
	p := newProblem(statusOf[kind], fault.MessageOf(err))
	p.Code = string(kind)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		p.Errors = f.Fields
		if f.Task != "" {
			p.Task = taskURL(f.Task)
		}
	}
	if kind == fault.Internal {
		slog.Error("request failed", "err", err)
		p.Detail = i18n.Messagef("unexpected error; the log has the details under the request ID")
	}
	if kind == fault.Unavailable {
		slog.Warn("dependency unavailable", "err", err, "cause", errors.Unwrap(err))
	}
	if kind == fault.Unavailable || kind == fault.RateLimited {
		return huma.ErrorWithHeaders(p.in(ctx), http.Header{"Retry-After": {"5"}})
	}
	return p.in(ctx)
}

// in translates the problem into the reader's language; the code stays.
func (p *Problem) in(ctx context.Context) *Problem {
	language := i18n.Language(ctx)
	p.Detail = p.Detail.Localized(language)
	translated := make([]fault.Field, len(p.Errors)) // a copy: the fault may be shared with other requests
	for i, f := range p.Errors {
		translated[i] = fault.Field{Field: f.Field, Message: f.Message.Localized(language)}
	}
	if len(translated) > 0 {
		p.Errors = translated
	}
	return p
}

var replaceErrors = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	// huma formats a message before the language of the reader is known: keep the format and the arguments.
	huma.ErrorFormatter = func(format string, args ...any) string {
		text, err := i18n.Messagef(format, args...).MarshalText()
		if err != nil {
			return fmt.Sprintf(format, args...)
		}
		return string(text)
	}
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return invalid(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return invalid(status, message, errs).in(ctx.Context())
	}
})

// invalid returns the problem of a request that huma rejected.
func invalid(status int, message string, errs []error) *Problem {
	if status >= http.StatusInternalServerError {
		slog.Error("request failed", "status", status, "err", errors.Join(errs...))
		return newProblem(status, i18n.Message{})
	}
	var fields []fault.Field
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			// The value is omitted: it may be a password.
			detail := d.ErrorDetail()
			fields = append(fields, fieldOf(detail.Location, detail.Message))
		}
	}
	return newProblem(status, decodeMessage(message), fields...)
}

// fieldOf names the missing field, where huma names the enclosing object.
func fieldOf(location, text string) fault.Field {
	message := decodeMessage(text)
	if message.Key() == validation.MsgExpectedRequiredProperty {
		location, message = location+"."+message.Argument(0), i18n.Messagef("expected")
	}
	return fault.Field{Field: fieldName(location), Message: message}
}

// decodeMessage returns the message in a text of huma.ErrorFormatter.
func decodeMessage(text string) (m i18n.Message) {
	_ = m.UnmarshalText([]byte(text)) // any text is a message
	return m
}

// fieldName converts a location of huma ("body.schedule.time", "query.limit") into the name that the caller uses.
func fieldName(location string) string {
	for _, prefix := range []string{"body.", "query.", "path.", "header."} {
		if name, ok := strings.CutPrefix(location, prefix); ok {
			return name
		}
	}
	return location
}
