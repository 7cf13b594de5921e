package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Fault is a refusal of a service. Each service spells it in its own body format.
type Fault struct {
	Status  int
	Type    string // exception class, where the service's body names one
	Message string
	Raw     []byte // the body as it is, where it must be exactly that
}

// Error is the message, as the service's own clients print it.
func (f *Fault) Error() string { return f.Message }

// NewFault makes a fault with a formatted message.
func NewFault(status int, format string, args ...any) *Fault {
	return &Fault{Status: status, Message: fmt.Sprintf(format, args...)}
}

// Typed names the exception class.
func (f *Fault) Typed(name string) *Fault {
	f.Type = name
	return f
}

// BadRequest is a 400.
func BadRequest(format string, args ...any) *Fault { return NewFault(400, format, args...) }

// Forbidden is a 403.
func Forbidden(format string, args ...any) *Fault { return NewFault(403, format, args...) }

// NotFound is a 404.
func NotFound(format string, args ...any) *Fault { return NewFault(404, format, args...) }

// Conflict is a 409.
func Conflict(format string, args ...any) *Fault { return NewFault(409, format, args...) }

// unauthorized is the answer of the token middleware that stands before every service.
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
