// Package sim is the engine of the simulated cloud: persistent documents, persistent timers, and HTTP services
// with the authentication, faults and paging of real ones.
package sim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Document is a resource as a JSON document. Keys that begin with "_" are internal to the simulator and never
// sent to clients (see Public).
type Document = map[string]any

// Public returns the document without internal keys.
func Public(o Document) Document {
	out := make(Document, len(o))
	for k, v := range o {
		if !strings.HasPrefix(k, "_") {
			out[k] = v
		}
	}
	return out
}

// Str reads a string; anything else is "".
func Str(o Document, key string) string {
	s, _ := o[key].(string)
	return s
}

// Int reads a number in either form (JSON number or digits); anything else is 0.
func Int(o Document, key string) int { return ToInt(o[key]) }

// ToInt converts a JSON value to an integer; anything else is 0.
func ToInt(v any) int {
	switch n := v.(type) {
	case int:
		return n
	case int64:
		return int(n)
	case float64:
		return int(n)
	case json.Number:
		i, _ := n.Int64()
		return int(i)
	case string:
		i, _ := strconv.Atoi(strings.TrimSpace(n))
		return i
	}
	return 0
}

// Bool reads a boolean, also in text form ("true", "1").
func Bool(o Document, key string) bool {
	switch v := o[key].(type) {
	case bool:
		return v
	case string:
		b, _ := strconv.ParseBool(v)
		return b
	}
	return false
}

// Map reads a nested document; a missing one is nil, which reads as empty.
func Map(o Document, key string) Document {
	m, _ := o[key].(Document)
	return m
}

// List reads a list; a missing one is nil.
func List(o Document, key string) []any {
	switch l := o[key].(type) {
	case []any:
		return l
	case []string:
		return Anys(l)
	case []Document:
		out := make([]any, len(l))
		for i, m := range l {
			out[i] = m
		}
		return out
	}
	return nil
}

// Objs reads a list of documents.
func Objs(o Document, key string) []Document {
	var out []Document
	for _, v := range List(o, key) {
		if m, ok := v.(Document); ok {
			out = append(out, m)
		}
	}
	return out
}

// Strs reads a list of strings.
func Strs(o Document, key string) []string {
	var out []string
	for _, v := range List(o, key) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Anys converts a list of strings to JSON values.
func Anys(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}

// Copy returns a deep copy with every value in the form that JSON decoding produces.
func Copy(o Document) Document {
	var out Document
	raw, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("sim: document is not JSON: %v", err))
	}
	return out
}

// Merge sets every key of the patch, including those with a nil value.
func Merge(o, patch Document) Document {
	maps.Copy(o, patch)
	return o
}

// Only returns the part of a document with the given keys.
func Only(o Document, keys ...string) Document {
	out := Document{}
	for _, k := range keys {
		if v, ok := o[k]; ok {
			out[k] = v
		}
	}
	return out
}

// Text renders a scalar as filters and query strings spell it.
func Text(v any) string {
	switch t := v.(type) {
	case nil:
		return ""
	case string:
		return t
	case bool:
		return strconv.FormatBool(t)
	case float64:
		return strconv.FormatFloat(t, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// UUID returns a new identifier in the form of Nova, Cinder, Neutron, Glance and Heat.
func UUID() string { return uuid.NewString() }

// HexID returns a new identifier in the form of Keystone.
func HexID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// Secret returns n random bytes in URL-safe base64.
func Secret(n int) string { return base64.RawURLEncoding.EncodeToString(random(n)) }

// RandomHex returns n random bytes in hexadecimal.
func RandomHex(n int) string { return hex.EncodeToString(random(n)) }

func random(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // the system has no randomness: nothing can work
	}
	return b
}

// Time formats of the services.
const (
	Zulu   = "2006-01-02T15:04:05Z"        // Nova, Glance, Neutron, Heat
	Micros = "2006-01-02T15:04:05.000000"  // Cinder
	Expiry = "2006-01-02T15:04:05.000000Z" // Keystone
)

// Stamp formats a time in UTC.
func Stamp(t time.Time, layout string) string { return t.UTC().Format(layout) }
