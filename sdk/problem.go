package sdk

import (
	"errors"
	"strings"
)

// Error returns the detail of the problem, the messages of fields that the detail does not contain, and the conflicting task.
func (p *Problem) Error() string {
	text := p.Title
	if p.Detail != nil && *p.Detail != "" {
		text = *p.Detail
	}
	for _, e := range p.Errors {
		if !strings.Contains(text, e.Message) {
			text += "; " + e.Field + ": " + e.Message
		}
	}
	if id := p.TaskID(); id != "" {
		text += " (task " + id + ")"
	}
	return text
}

// TaskID returns the ID of the conflicting task, or "".
func (p *Problem) TaskID() string {
	if p.Task == nil {
		return ""
	}
	return strings.TrimPrefix(*p.Task, "/api/v1/tasks/")
}

// CodeOf returns the code of an error response, and "" for any other error.
func CodeOf(err error) ProblemCode {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return ""
}
