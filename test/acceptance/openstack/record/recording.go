package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// recording is the form of a file; internal/openstack reads the same.
type recording struct {
	Service string            `json:"service"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Request any               `json:"request,omitempty"`
	Body    any               `json:"body"`
}

// kept are the headers that are relevant for clients.
var kept = []string{"Content-Type", "Location", "Retry-After", "Www-Authenticate", "X-Subject-Token",
	"Openstack-Api-Version", "X-Container-Object-Count", "X-Container-Bytes-Used", "X-Account-Container-Count", "Etag"}

var secretFields = regexp.MustCompile(`"(password|secret|admin_pass|adminPass|private_key)":\s*"[^"]*"`)

// anyFault accepts any fault: without Keystone, Nova returns 503 and Glance 401.
const anyFault = 0

// record sends a request and writes the response as <service>/<name>.json. It fails if the status is not want.
func (s *session) record(name string, want int, method, service, path string, body any) response {
	a := s.do(method, service, path, body)
	if want == anyFault && a.status >= 400 {
		want = a.status
	}
	if a.status != want {
		failf("%s/%s: %s %s: wanted %d, got %d %s", service, name, method, path, want, a.status, a.raw)
	}
	s.write(name, method, service, path, body, a)
	return a
}

func (s *session) write(name, method, service, path string, body any, a response) {
	r := recording{Service: service, Method: method, Path: s.redact(path), Status: a.status,
		Headers: map[string]string{}, Body: s.clean(a.raw)}
	for _, h := range kept {
		if v := a.headers.Get(h); v != "" {
			r.Headers[h] = v
		}
	}
	if _, ok := r.Headers["X-Subject-Token"]; ok {
		r.Headers["X-Subject-Token"] = "REDACTED"
	}
	if text, ok := body.(string); ok {
		r.Request = text
	} else if body != nil {
		r.Request = s.clean(mustJSON(body))
	}
	file := filepath.Join(s.cloud.out, service, name+".json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		failf("%v", err)
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		failf("%v", err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o644); err != nil {
		failf("%v", err)
	}
	s.cloud.written++
}

// clean returns the text without secrets, decoded if it is JSON.
func (s *session) clean(raw []byte) any {
	text := secretFields.ReplaceAllString(s.redact(string(raw)), `"$1": "REDACTED"`)
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}

func (s *session) redact(text string) string {
	if s.token != "" {
		text = strings.ReplaceAll(text, s.token, "REDACTED")
	}
	return text
}
