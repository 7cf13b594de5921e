package openstack

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	gophercloudopenstack "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/fault"
)

// Session is an authenticated connection to the services of one project.
type Session struct {
	provider *gophercloud.ProviderClient
	endpoint gophercloud.EndpointOpts
	grant    Grant
	own      bool // the manager's credential

	mu      sync.Mutex
	objects *swift.Connection
}

// novaVersion is the compute microversion of the product: 2.26 has server tags, 2.64 has server group policies with
// rules.
const novaVersion = "2.64"

// Compute returns the Nova client.
func (s *Session) Compute() (*gophercloud.ServiceClient, error) {
	c, err := s.service("nova", gophercloudopenstack.NewComputeV2)
	if err == nil {
		c.Microversion = novaVersion
	}
	return c, err
}

// Volume returns the Cinder client.
func (s *Session) Volume() (*gophercloud.ServiceClient, error) {
	return s.service("cinder", gophercloudopenstack.NewBlockStorageV3)
}

// Network returns the Neutron client.
func (s *Session) Network() (*gophercloud.ServiceClient, error) {
	return s.service("neutron", gophercloudopenstack.NewNetworkV2)
}

// Image returns the Glance client.
func (s *Session) Image() (*gophercloud.ServiceClient, error) {
	return s.service("glance", gophercloudopenstack.NewImageV2)
}

// Orchestration returns the Heat client.
func (s *Session) Orchestration() (*gophercloud.ServiceClient, error) {
	return s.service("heat", gophercloudopenstack.NewOrchestrationV1)
}

// Identity returns the Keystone client.
func (s *Session) Identity() (*gophercloud.ServiceClient, error) {
	return s.service("keystone", gophercloudopenstack.NewIdentityV3)
}

func (s *Session) service(name string, open func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error)) (*gophercloud.ServiceClient, error) {
	c, err := open(s.provider, s.endpoint)
	if err != nil {
		// The client reads the versions of the service when it is created, so an unavailable service is an error here.
		switch converted := s.Fault(name, err); fault.KindOf(converted) {
		case fault.Unavailable, fault.RateLimited, fault.Unauthorized:
			return nil, converted
		}
		return nil, fault.New(fault.Invalid, err, "the cloud's catalogue lacks %s: %v", name, err)
	}
	return c, nil
}

// Token returns the session's token.
func (s *Session) Token() string { return s.provider.Token() }

// Grant describes the token of the session.
type Grant struct {
	UserID, UserName       string
	ProjectID, ProjectName string
	Roles                  []string
	ExpiresAt              time.Time
	// Restricted is true for a token of an application credential.
	Restricted bool
}

// Grant returns the description of the token with which the session was opened.
func (s *Session) Grant() Grant { return s.grant }

// ProjectID returns the project the session is scoped to, or "".
func (s *Session) ProjectID() string { return s.grant.ProjectID }

// UserID returns the user the session belongs to.
func (s *Session) UserID() string { return s.grant.UserID }

// extractor is a token response, of a created or of a validated token.
type stamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *stamp) UnmarshalJSON(raw []byte) error {
	text := strings.TrimSuffix(strings.Trim(string(raw), `"`), "Z")
	t, err := time.Parse("2006-01-02T15:04:05.999999", text)
	s.Time = t
	return err
}

type extractor interface{ ExtractInto(v any) error }

func grantOf(response extractor) (Grant, error) {
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	var t struct {
		User      named    `json:"user"`
		Project   named    `json:"project"`
		Roles     []named  `json:"roles"`
		ExpiresAt stamp    `json:"expires_at"`
		Methods   []string `json:"methods"`
	}
	if err := response.ExtractInto(&t); err != nil {
		return Grant{}, err
	}
	g := Grant{UserID: t.User.ID, UserName: t.User.Name, ProjectID: t.Project.ID, ProjectName: t.Project.Name, ExpiresAt: t.ExpiresAt.UTC(),
		Restricted: slices.Contains(t.Methods, "application_credential")}
	for _, r := range t.Roles {
		g.Roles = append(g.Roles, r.Name)
	}
	return g, nil
}

// Fault converts an error of a request in this session. A refusal of the manager's credential is retried; a refusal of a
// user's token needs the user.
func (s *Session) Fault(service string, err error) error {
	err = Fault(service, err)
	if s.own {
		return managerFault(err)
	}
	if fault.KindOf(err) == fault.Unauthorized {
		return fault.New(fault.Unauthorized, err, "your sign-in has ended: sign in again, then press Retry")
	}
	return err
}
