// Package cli is the command line for people and cron: thin over the REST API.
package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// client sends requests to one manager with the credential of the environment or of mcm login.
type client struct {
	server  string
	version string
	saved   savedSession
	http    http.Client
}

// savedSession is the session file of mcm login, readable by the user alone.
type savedSession struct {
	Server string    `json:"server"`
	Cookie string    `json:"cookie"`
	CSRF   string    `json:"csrf"`
	Until  time.Time `json:"until"`
}

// problem is the API's error body.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Task   string `json:"task"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (p *problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, e := range p.Errors {
		if !strings.Contains(text, e.Message) {
			text += "; " + e.Field + ": " + e.Message
		}
	}
	if p.Task != "" {
		text += " (task " + strings.TrimPrefix(p.Task, "/api/v1/tasks/") + ")"
	}
	if p.Code == "unauthorized" {
		text += ": run `mcm login`, or set OS_APPLICATION_CREDENTIAL_ID and _SECRET"
	}
	return text
}

const defaultServer = "http://127.0.0.1:8080"

func newClient(server, version string) (*client, error) {
	c := &client{server: server, version: version, http: http.Client{Timeout: 2 * time.Minute}}
	raw, err := os.ReadFile(sessionFile())
	if err == nil {
		err = json.Unmarshal(raw, &c.saved)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", sessionFile(), err)
	}
	if c.server == "" {
		c.server = os.Getenv("MCM_SERVER")
	}
	if c.server == "" {
		c.server = c.saved.Server
	}
	if c.server == "" {
		c.server = defaultServer
	}
	c.server = strings.TrimRight(c.server, "/")
	return c, nil
}

// withoutTimeout returns a client for responses that last as long as a task or an export does.
func (c *client) withoutTimeout() *client {
	unlimited := *c
	unlimited.http.Timeout = 0
	return &unlimited
}

func sessionFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		dir = "."
	}
	return filepath.Join(dir, "mycloudmanager", "session.json")
}

// do sends a request and decodes the response into out, which may be nil.
func (c *client) do(ctx context.Context, method, path string, body, out any) error {
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // the body was read to its end
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// send sends a request. An error response is returned as a *problem.
func (c *client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	return c.sendWith(ctx, method, path, body, nil)
}

func (c *client) sendWith(ctx context.Context, method, path string, body any, header http.Header) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.server+"/api/v1"+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(request.Header, header)
	request.Header.Set("User-Agent", "mcm/"+c.version)
	c.authorize(request)
	response, err := c.http.Do(request)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			return nil, fmt.Errorf("%s does not respond: %w", c.server, e.Err)
		}
		return nil, err
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer response.Body.Close() //nolint:errcheck // the error matters more
	p := &problem{Status: response.StatusCode, Title: response.Status}
	_ = json.NewDecoder(response.Body).Decode(p)
	return nil, p
}

// authorize prefers credentials of the environment to the session of mcm login.
func (c *client) authorize(r *http.Request) {
	switch id, secret := os.Getenv("OS_APPLICATION_CREDENTIAL_ID"), os.Getenv("OS_APPLICATION_CREDENTIAL_SECRET"); {
	case os.Getenv("OS_TOKEN") != "":
		r.Header.Set("X-Auth-Token", os.Getenv("OS_TOKEN"))
	case id != "" && secret != "":
		r.SetBasicAuth(id, secret)
	case c.saved.Cookie != "" && c.saved.Server == c.server:
		r.Header.Set("Cookie", c.saved.Cookie)
		r.Header.Set("X-CSRF-Token", c.saved.CSRF)
	}
}

func (c *client) save(s savedSession) error {
	file := sessionFile()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}
