package sdk

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
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-retryablehttp"
)

// requestTimeout limits one request with all its repetitions. Streams and downloads have no limit of their own.
const requestTimeout = 2 * time.Minute

// Client sends requests to one manager. It is safe for concurrent use.
type Client struct {
	// UserAgent identifies the program in the audit log of the manager.
	UserAgent string
	// Language is the language of messages: a value of Accept-Language such as "fr". Default: English.
	Language string

	server     *url.URL
	credential Credential
	http       *http.Client
}

// Option changes a Client when New creates it.
type Option func(*retryablehttp.Client)

// WithHTTPClient sets the HTTP client, for example for a proxy or a private CA. Its Timeout must be zero or longer than
// the longest stream.
func WithHTTPClient(c *http.Client) Option {
	return func(r *retryablehttp.Client) { r.HTTPClient = c }
}

// WithRetries sets how often a request is repeated that failed for a reason that may pass, and the interval before the first
// repetition, which doubles each time. Default: 4 times, 500 ms.
func WithRetries(count int, interval time.Duration) Option {
	return func(r *retryablehttp.Client) { r.RetryMax, r.RetryWaitMin = count, interval }
}

// New returns a client of the manager at server, for example https://mcm.example.org.
func New(server string, credential Credential, options ...Option) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(server, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a manager: use http(s)://host[:port]", server)
	}
	r := retryablehttp.NewClient()
	r.HTTPClient = &http.Client{}
	r.Logger, r.ErrorHandler = nil, retryablehttp.PassthroughErrorHandler
	r.RetryMax, r.RetryWaitMin, r.RetryWaitMax, r.CheckRetry = 4, 500*time.Millisecond, 10*time.Second, mayRetry
	for _, option := range options {
		option(r)
	}
	return &Client{UserAgent: "mycloudmanager-sdk", server: u, credential: credential, http: r.StandardClient()}, nil
}

// Server returns the address of the manager.
func (c *Client) Server() string { return c.server.String() }

type retrySafe struct{}

// mayRetry allows a repetition when the manager did not respond, or responded that it is overloaded or unavailable. Only
// requests that read, or that carry an Idempotency-Key, are repeated.
func mayRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if ctx.Value(retrySafe{}) == nil {
		return false, nil
	}
	if err != nil {
		return retryablehttp.DefaultRetryPolicy(ctx, response, err)
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}

// call is one request to the API.
type call struct {
	method, path string
	query        any // a generated parameter struct
	header       http.Header
	body         any
	idempotent   bool // the operation takes an Idempotency-Key
}

type idempotencyKey struct{}

// WithIdempotencyKey returns a context whose requests carry this Idempotency-Key instead of a random one. A scheduler that
// repeats its own job passes the same key, and gets the task that the first request started.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

func (c *Client) request(ctx context.Context, in call) (*http.Request, error) {
	query, header, err := encodeParameters(in.query)
	if err != nil {
		return nil, err
	}
	target := c.server.String() + "/api/v1" + in.path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var body io.Reader
	if in.body != nil {
		raw, err := json.Marshal(in.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
		header.Set("Content-Type", "application/json")
	}
	if in.idempotent || in.method == http.MethodGet {
		ctx = context.WithValue(ctx, retrySafe{}, true)
	}
	request, err := http.NewRequestWithContext(ctx, in.method, target, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(header, in.header)
	if in.idempotent && header.Get("Idempotency-Key") == "" {
		header.Set("Idempotency-Key", keyOf(ctx))
	}
	header.Set("User-Agent", c.UserAgent)
	if c.Language != "" {
		header.Set("Accept-Language", c.Language)
	}
	request.Header = header
	if c.credential != nil {
		c.credential.Authorize(request)
	}
	return request, nil
}

func keyOf(ctx context.Context) string {
	if key, given := ctx.Value(idempotencyKey{}).(string); given {
		return key
	}
	return uuid.NewString()
}

// send sends a request and returns the response, whose body the caller closes. An error response is a *Problem.
func (c *Client) send(ctx context.Context, in call) (*http.Response, error) {
	request, err := c.request(ctx, in)
	if err != nil {
		return nil, err
	}
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
	problem := &Problem{}
	if json.NewDecoder(response.Body).Decode(problem) != nil || problem.Title == "" {
		problem.Title = response.Status
	}
	problem.Status = int64(response.StatusCode)
	return nil, problem
}

// do sends a request and decodes the response.
func do[T any](ctx context.Context, c *Client, in call) (T, error) {
	var out T
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := c.send(ctx, in)
	if err != nil {
		return out, err
	}
	defer response.Body.Close() //nolint:errcheck // the body was read to its end
	raw, err := io.ReadAll(response.Body)
	if err != nil || len(raw) == 0 {
		return out, err
	}
	return out, json.Unmarshal(raw, &out)
}

func get[T any](ctx context.Context, c *Client, path string, query any) (T, error) {
	return do[T](ctx, c, call{method: http.MethodGet, path: path, query: query})
}

// start sends a request whose response is the task that it started.
func (c *Client) start(ctx context.Context, method, path string, body any) (Task, error) {
	return do[Task](ctx, c, call{method: method, path: path, body: body, idempotent: true})
}

// download returns the body of a response, which the caller closes.
func (c *Client) download(ctx context.Context, path string, query any) (io.ReadCloser, error) {
	response, err := c.send(ctx, call{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// encodeParameters returns the fields of a generated parameter struct that are set. A field whose name has capitals, such as
// If-Match, is a header; all others are the query. Nil has neither.
func encodeParameters(parameters any) (url.Values, http.Header, error) {
	query, header := url.Values{}, http.Header{}
	raw, err := json.Marshal(parameters)
	if err != nil {
		return nil, nil, err
	}
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // an int64 must not pass through a float64
	if err := d.Decode(&fields); err != nil {
		return nil, nil, err
	}
	for name, value := range fields {
		if strings.ToLower(name) != name {
			header.Set(name, fmt.Sprint(value))
		} else {
			query.Set(name, fmt.Sprint(value))
		}
	}
	return query, header, nil
}

// ifMatch returns the header of a conditional request; nil without an etag.
func ifMatch(etag string) http.Header {
	if etag == "" {
		return nil
	}
	return http.Header{"If-Match": {etag}}
}

// path joins segments to an escaped path.
func path(segments ...string) string {
	var out strings.Builder
	for _, s := range segments {
		out.WriteString("/" + url.PathEscape(s))
	}
	return out.String()
}
