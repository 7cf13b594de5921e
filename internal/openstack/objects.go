package openstack

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	gophercloudopenstack "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/ncw/swift/v2"
)

// Objects returns the Swift connection of the manager's credential. The connection is shared. It gets a new token from
// the session when Swift refuses its token.
func (c *Cloud) Objects(ctx context.Context) (*swift.Connection, error) {
	s, err := c.Manager(ctx)
	if err != nil {
		return nil, err
	}
	return s.Objects()
}

// Objects returns the Swift connection of the session.
func (s *Session) Objects() (*swift.Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.objects != nil {
		return s.objects, nil
	}
	client, err := s.service("swift", gophercloudopenstack.NewObjectStorageV1)
	if err != nil {
		return nil, err
	}
	s.objects = &swift.Connection{
		Auth: &objectAuth{provider: s.provider, url: client.Endpoint}, Transport: s.provider.HTTPClient.Transport,
		UserAgent: "mycloudmanager", Retries: 1, Timeout: requestTimeout,
	}
	return s.objects, nil
}

// objectAuth gives Swift the token of the session, so that all services share one authentication.
type objectAuth struct {
	provider *gophercloud.ProviderClient
	url      string
	given    string // the last token that was passed to Swift
}

// Request is called for the first token, and again after Swift has refused a token.
func (a *objectAuth) Request(ctx context.Context, _ *swift.Connection) (*http.Request, error) {
	if a.given != "" && a.given == a.provider.Token() {
		if err := a.provider.Reauthenticate(ctx, a.given); err != nil {
			return nil, err
		}
	}
	a.given = a.provider.Token()
	return nil, nil // no request is necessary
}

func (*objectAuth) Response(context.Context, *http.Response) error { return nil }
func (a *objectAuth) StorageUrl(bool) string                       { return strings.TrimSuffix(a.url, "/") }
func (a *objectAuth) Token() string                                { return a.given }
func (*objectAuth) CdnUrl() string                                 { return "" }

// ObjectStorage returns the URL of the project's object storage, and a transport that adds the manager's token: for
// proxies. The transport renews a token that Swift refuses; it responds 503 to a request with a body, which the client
// must send again.
func (c *Cloud) ObjectStorage(ctx context.Context) (*url.URL, http.RoundTripper, error) {
	s, err := c.Manager(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, err := s.service("swift", gophercloudopenstack.NewObjectStorageV1)
	if err != nil {
		return nil, nil, err
	}
	base, err := url.Parse(strings.TrimSuffix(client.Endpoint, "/"))
	return base, &asManager{provider: s.provider}, err
}

// asManager adds the manager's token to requests.
type asManager struct{ provider *gophercloud.ProviderClient }

// RoundTrip implements http.RoundTripper.
func (m *asManager) RoundTrip(r *http.Request) (*http.Response, error) {
	token := m.provider.Token()
	response, err := m.send(r, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	_ = response.Body.Close() // the response is replaced
	if err := m.provider.Reauthenticate(r.Context(), token); err != nil {
		return nil, err
	}
	if r.Body == nil || r.Body == http.NoBody {
		return m.send(r, m.provider.Token())
	}
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Status: "503 Service Unavailable", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Retry-After": {"1"}}, Body: http.NoBody, Request: r}, nil
}

func (m *asManager) send(r *http.Request, token string) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.Header.Set("X-Auth-Token", token)
	return m.provider.HTTPClient.Transport.RoundTrip(out)
}
