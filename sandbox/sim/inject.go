package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"time"
)

// Injection is a fault that was requested through the control API.
type Injection struct {
	ID        string          `json:"id"`
	Service   string          `json:"service,omitempty"`
	Method    string          `json:"method,omitempty"`
	PathRegex string          `json:"path_regex,omitempty"`
	Count     int             `json:"count"` // remaining number of hits; -1 means unlimited
	Kind      string          `json:"kind"`
	Status    int             `json:"status,omitempty"`
	Body      json.RawMessage `json:"body,omitempty"`
	Millis    int             `json:"ms,omitempty"`
	// Probability is the fraction of the matching requests that is affected, 0 to 1; all if omitted.
	Probability float64 `json:"probability,omitempty"`
	Hits        int     `json:"hits"`
	path        *regexp.Regexp
}

const faultKind = "sim/faults"

// injector holds the active injections, oldest first.
type injector struct{ rules []*Injection }

// check validates the injection and sets its defaults.
func (in *Injection) check() error {
	switch in.Kind {
	case "latency", "drop", "expire_token":
	case "status":
		if in.Status < 400 || in.Status > 599 {
			return fmt.Errorf("status must be 400 to 599")
		}
	default:
		return fmt.Errorf("kind must be status, latency, drop or expire_token")
	}
	if in.Probability < 0 || in.Probability > 1 {
		return fmt.Errorf("probability must be 0 to 1")
	}
	if in.Count == 0 {
		in.Count = 1
	}
	var err error
	in.path, err = regexp.Compile(in.PathRegex)
	return err
}

func (in *Injection) matches(service, method, path string) bool {
	return in.Count != 0 && (in.Service == "" || in.Service == service) &&
		(in.Method == "" || in.Method == method) && in.path.MatchString(path) &&
		(in.Probability == 0 || rand.Float64() < in.Probability)
}

// Inject adds an injection. It is persistent: it survives a kill of the cloud.
func (c *Cloud) Inject(in *Injection) error {
	if err := in.check(); err != nil {
		return err
	}
	in.ID = UUID()
	c.injector.rules = append(c.injector.rules, in)
	c.keepFault(in)
	return nil
}

// Injections lists the active injections.
func (c *Cloud) Injections() []*Injection { return c.injector.rules }

// ClearFaults removes all injections.
func (c *Cloud) ClearFaults() {
	for _, in := range c.injector.rules {
		c.Delete(faultKind, in.ID)
	}
	c.injector.rules = nil
}

func (c *Cloud) keepFault(in *Injection) {
	var o Document
	if err := json.Unmarshal(JSON(in), &o); err == nil {
		c.Put(faultKind, o)
	}
}

func (c *Cloud) loadFaults() {
	c.injector = injector{}
	for _, o := range c.All(faultKind) {
		in := &Injection{}
		if json.Unmarshal(JSON(o), in) == nil && in.check() == nil {
			c.injector.rules = append(c.injector.rules, in)
		}
	}
}

// disturb finds the injection for a request and counts the hit. Latency can be combined with another injection.
func (c *Cloud) disturb(service, method, path string) (latency time.Duration, hit *Injection) {
	left := c.injector.rules[:0:0]
	for _, in := range c.injector.rules {
		if (hit == nil || in.Kind == "latency") && in.matches(service, method, path) {
			if in.Kind == "latency" {
				latency += time.Duration(in.Millis) * time.Millisecond
			} else {
				hit = in
			}
			in.Hits++
			if in.Count > 0 {
				in.Count--
			}
			c.keepFault(in)
		}
		if in.Count == 0 {
			c.Delete(faultKind, in.ID)
			continue
		}
		left = append(left, in)
	}
	c.injector.rules = left
	return latency, hit
}

// fault returns the response of a status injection: its own body, or the service's usual format.
func (in *Injection) fault() *Fault {
	f := &Fault{Status: in.Status, Message: http.StatusText(in.Status)}
	var text string
	if len(in.Body) > 0 {
		f.Raw = in.Body
		if json.Unmarshal(in.Body, &text) == nil {
			f.Raw = []byte(text)
		}
	}
	return f
}
