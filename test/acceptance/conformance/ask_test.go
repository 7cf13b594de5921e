package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// obj is a JSON document.
type obj = map[string]any

// response is a response of a service.
type response struct {
	status int
	header http.Header
	raw    []byte
}

// nobody is an id that does not exist.
const nobody = "11111111-1111-4111-8111-111111111111"

// quick sends the requests. It returns redirections instead of following them, and uses a new connection each
// time: real services occasionally close a kept connection, or leave unread bytes in it.
var quick = &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send calls a service without a client library. body is text, bytes or a value to encode; headers are pairs.
func (a *actor) send(ctx context.Context, method, service, path string, body any, headers ...string) response {
	client := a.client(service)
	url := client.ServiceURL(strings.TrimPrefix(path, "/"))
	if path == "" {
		url = strings.TrimSuffix(url, "/")
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Auth-Token": {a.provider.Token()}}
	if service == "nova" {
		header.Set("OpenStack-API-Version", "compute 2.79")
	}
	if service == "swift" {
		header.Set("Content-Type", "application/octet-stream")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			header.Del(headers[i])
		}
	}
	return request(ctx, method, url, body, header)
}

func request(ctx context.Context, method, url string, body any, header http.Header) response {
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	case []byte:
		raw = b
	default:
		raw, _ = json.Marshal(b) // the cases use only encodable values
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(raw))
	if err != nil {
		return response{raw: []byte(err.Error())}
	}
	req.Header = header
	resp, err := quick.Do(req)
	if err != nil {
		return response{raw: []byte(err.Error())}
	}
	defer func() { _ = resp.Body.Close() }()
	out := response{status: resp.StatusCode, header: resp.Header}
	if out.raw, err = io.ReadAll(resp.Body); err != nil {
		return response{raw: []byte(err.Error())}
	}
	return out
}

// ask sends a request as part of a case.
func (a *actor) ask(t *testing.T, method, service, path string, body any, headers ...string) response {
	t.Helper()
	return a.send(t.Context(), method, service, path, body, headers...)
}

// want sends a request and requires a status.
func (a *actor) want(t *testing.T, status int, method, service, path string, body any, headers ...string) response {
	t.Helper()
	out := a.ask(t, method, service, path, body, headers...)
	require.Equal(t, status, out.status, "%s %s %s: %s", method, service, path, out.raw)
	return out
}

// refused sends a request and requires a refusal: its status, its exception class and a part of its message.
func (a *actor) refused(t *testing.T, status int, class, words, method, service, path string, body any, headers ...string) {
	t.Helper()
	out := a.want(t, status, method, service, path, body, headers...)
	gotClass, message := out.fault()
	assert.Equal(t, class, gotClass, "%s %s %s: %s", method, service, path, out.raw)
	assert.Contains(t, message, words, "%s %s %s", method, service, path)
}

// fault returns the class and the message of a refusal in the format of any service; for a page the message is
// the whole text.
func (a response) fault() (class, message string) {
	var body map[string]json.RawMessage
	if json.Unmarshal(a.raw, &body) != nil {
		return "", string(a.raw)
	}
	for _, name := range []string{"NeutronError", "error"} {
		var inner struct{ Type, Title, Message string }
		if json.Unmarshal(body[name], &inner) == nil && inner.Message != "" {
			return inner.Type + inner.Title, inner.Message
		}
	}
	for name, raw := range body {
		var inner struct{ Message string }
		if json.Unmarshal(raw, &inner) == nil && inner.Message != "" {
			return name, inner.Message
		}
	}
	return "", string(a.raw)
}

// at returns a value inside the response; nil if the path does not exist.
func (a response) at(path ...any) any {
	var v any
	if json.Unmarshal(a.raw, &v) != nil {
		return nil
	}
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(obj)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

// text returns a string of the response; "" if it is null or missing.
func (a response) text(path ...any) string {
	if v := a.at(path...); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// list returns a list of documents of the response.
func (a response) list(path ...any) (out []obj) {
	items, _ := a.at(path...).([]any)
	for _, i := range items {
		if o, ok := i.(obj); ok {
			out = append(out, o)
		}
	}
	return out
}

func str(o obj, key string) string {
	s, _ := o[key].(string)
	return s
}

// names returns the values of a key in a list of documents.
func names(list []obj, key string) []string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = str(o, key)
	}
	return out
}

// has requires the keys in a document.
func has(t *testing.T, document any, keys ...string) {
	t.Helper()
	o, ok := document.(obj)
	require.True(t, ok, "no document but %v", document)
	for _, k := range keys {
		assert.Contains(t, o, k)
	}
}

// withoutEnd returns a context for requests after the case, when its own context has ended.
func withoutEnd(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }
