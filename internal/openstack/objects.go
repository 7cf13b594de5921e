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

// Objects returns the Swift connection of the manager's own credential. It is shared, and is renewed with the token of
// the session when Swift refuses the one it has.
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

// objectAuth lends Swift the token that the other services are asked with, so that there is one sign-in and one renewal.
type objectAuth struct {
	provider *gophercloud.ProviderClient
	url      string
	given    string // the token that Swift was asked with last
}

// Request is asked for a token at first and whenever Swift refused the last one.
func (a *objectAuth) Request(ctx context.Context, _ *swift.Connection) (*http.Request, error) {
	if a.given != "" && a.given == a.provider.Token() {
		if err := a.provider.Reauthenticate(ctx, a.given); err != nil {
			return nil, err
		}
	}
	a.given = a.provider.Token()
	return nil, nil // there is nothing to send
}

func (*objectAuth) Response(context.Context, *http.Response) error { return nil }
func (a *objectAuth) StorageUrl(bool) string                       { return strings.TrimSuffix(a.url, "/") }
func (a *objectAuth) Token() string                                { return a.given }
func (*objectAuth) CdnUrl() string                                 { return "" }

// ObjectStorage is where the project's object storage is, and how it is asked with the manager's own token: for those who
// pass on requests of others. A token that Swift refuses is renewed; a request with a body must then be sent again by
// whoever made it, and is told so by 503.
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

// asManager puts the manager's token into requests.
type asManager struct{ provider *gophercloud.ProviderClient }

// RoundTrip implements http.RoundTripper.
func (m *asManager) RoundTrip(r *http.Request) (*http.Response, error) {
	token := m.provider.Token()
	answer, err := m.send(r, token)
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	_ = answer.Body.Close() // the answer is replaced
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
