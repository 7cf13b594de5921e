package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Fault is an error response of a service. Each service renders it in its own format.
type Fault struct {
	Status  int
	Type    string // exception class, for services that include it
	Message string
	Raw     []byte // the exact body, if it must not be rendered
}

// Error returns the message, as the service's own clients print it.
func (f *Fault) Error() string { return f.Message }

// NewFault returns a fault with a formatted message.
func NewFault(status int, format string, args ...any) *Fault {
	return &Fault{Status: status, Message: fmt.Sprintf(format, args...)}
}

// Typed sets the exception class.
func (f *Fault) Typed(name string) *Fault {
	f.Type = name
	return f
}

// BadRequest returns a 400.
func BadRequest(format string, args ...any) *Fault { return NewFault(400, format, args...) }

// Forbidden returns a 403.
func Forbidden(format string, args ...any) *Fault { return NewFault(403, format, args...) }

// NotFound returns a 404.
func NotFound(format string, args ...any) *Fault { return NewFault(404, format, args...) }

// Conflict returns a 409.
func Conflict(format string, args ...any) *Fault { return NewFault(409, format, args...) }

// unauthorized is the response of the token middleware in front of every service.
// https://docs.openstack.org/keystonemiddleware/latest/middlewarearchitecture.html
func unauthorized() *Fault {
	return &Fault{Status: http.StatusUnauthorized,
		Message: "The request you have made requires authentication.",
		Raw: JSON(Document{"error": Document{"code": 401, "title": "Unauthorized",
			"message": "The request you have made requires authentication."}})}
}

// JSON encodes a value that is known to be encodable.
func JSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err))
	}
	return b
}
