package openstack

import (
	"context"
	"net/http"
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
