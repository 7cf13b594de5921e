package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// object is a JSON object.
type object = map[string]any

// cloud holds the sessions of the three users and the resources to delete at the end of a suite.
type cloud struct {
	authURL, password, out string
	control                string // the program that starts and stops services
	admin, demo, viewer    *session
	undo                   []func()
	written                int
}

// session is a user's token with its endpoints.
type session struct {
	cloud     *cloud
	token     string
	project   string
	user      string
	endpoints map[string]string
	headers   map[string]string
}

// response is a response of a service; status 0 means that there was none.
type response struct {
	status  int
	headers http.Header
	raw     []byte
}

func newCloud(authURL, password, out string) *cloud {
	c := &cloud{authURL: authURL, password: password, out: out}
	c.admin, c.demo, c.viewer = c.signIn("admin"), c.signIn("demo"), c.signIn("viewer")
	return c
}

// passwordAuth returns a password authentication request for the project demo.
func passwordAuth(user, password string) object {
	domain := object{"id": "default"}
	return object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{
			"user": object{"name": user, "domain": domain, "password": password}}},
		"scope": object{"project": object{"name": "demo", "domain": domain}}}}
}

func (c *cloud) signIn(user string) *session { return c.session(passwordAuth(user, c.password)) }

// session authenticates with any kind of auth body.
func (c *cloud) session(auth object) *session {
	s := &session{cloud: c, endpoints: map[string]string{"keystone": c.authURL}}
	a := s.must("POST", "keystone", "/auth/tokens", auth)
	s.token = a.headers.Get("X-Subject-Token")
	s.project = a.text("token", "project", "id")
	s.user = a.text("token", "user", "id")
	names := map[string]string{"compute": "nova", "volumev3": "cinder", "network": "neutron", "image": "glance",
		"orchestration": "heat", "object-store": "swift"}
	for _, service := range a.list("token", "catalog") {
		name := names[service["type"].(string)]
		for _, e := range service["endpoints"].([]any) {
			endpoint := e.(object)
			if name != "" && endpoint["interface"] == "public" {
				s.endpoints[name] = endpoint["url"].(string)
			}
		}
	}
	s.endpoints["neutron"] += "/v2.0"
	s.endpoints["glance"] += "/v2"
	return s
}

// withoutToken returns the same user without a token.
func (s *session) withoutToken() *session {
	other := *s
	other.token = ""
	return &other
}

// with returns the same session with an additional request header.
func (s *session) with(name, value string) *session {
	other := *s
	other.headers = map[string]string{name: value}
	return &other
}

// do sends one request. A string body is sent unchanged, anything else as JSON.
func (s *session) do(method, service, path string, body any) response {
	var reader io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		reader, kind = bytes.NewReader([]byte(b)), "application/octet-stream"
	default:
		reader = bytes.NewReader(mustJSON(b))
	}
	req, err := http.NewRequest(method, s.endpoints[service]+path, reader)
	if err != nil {
		failf("%v", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	if s.token != "" {
		req.Header.Set("X-Auth-Token", s.token)
	}
	if service == "nova" {
		req.Header.Set("OpenStack-API-Version", "compute 2.79")
	}
	for name, value := range s.headers {
		req.Header.Set(name, value)
	}
	client := http.Client{Timeout: 2 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	res, err := client.Do(req)
	if err != nil {
		return response{raw: []byte(err.Error())}
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		failf("%v", err)
	}
	return response{res.StatusCode, res.Header, raw}
}

// must sends a request that is not recorded and must succeed.
func (s *session) must(method, service, path string, body any) response {
	a := s.do(method, service, path, body)
	if a.status == 0 || a.status >= 400 {
		failf("%s %s %s: %d %s", method, service, path, a.status, a.raw)
	}
	return a
}

// later deletes a resource when the suite ends, in reverse order.
func (s *session) later(service, path string) {
	s.cloud.undo = append(s.cloud.undo, func() {
		s.do("DELETE", service, path, nil)
		until(service+path+" gone", func() bool {
			a := s.do("GET", service, path, nil)
			return a.status == 404 || a.status == 405 || a.text("stack", "stack_status") == "DELETE_COMPLETE"
		})
	})
}

func (c *cloud) cleanUp() {
	for _, v := range slices.Backward(c.undo) {
		v()
	}
	c.undo = nil
}

// until polls for at most two minutes.
func until(what string, done func() bool) {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if done() {
			return
		}
	}
	failf("waited in vain: %s", what)
}

// at returns a value inside the response's JSON; nil if the path does not exist.
func (a response) at(path ...string) any {
	var v any
	if json.Unmarshal(a.raw, &v) != nil {
		return nil
	}
	for _, p := range path {
		m, ok := v.(object)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func (a response) text(path ...string) string {
	if s, ok := a.at(path...).(string); ok {
		return s
	}
	return ""
}

func (a response) list(path ...string) (out []object) {
	items, _ := a.at(path...).([]any)
	for _, i := range items {
		out = append(out, i.(object))
	}
	return out
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		failf("encoding a request: %v", err)
	}
	return b
}
