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
	own      bool // the manager's credential, not a user's

	mu      sync.Mutex
	objects *swift.Connection
}

// novaVersion is the newest compute microversion the product asks for: 2.26 brings server tags,
// 2.64 server group policies with rules.
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
		// Opening asks the service for its versions: it may be away, as at any other call.
		switch told := s.Fault(name, err); fault.KindOf(told) {
		case fault.Unavailable, fault.RateLimited, fault.Unauthorized:
			return nil, told
		}
		return nil, fault.New(fault.Invalid, err, "the cloud's catalogue lacks %s: %v", name, err)
	}
	return c, nil
}

// Token returns the session's token.
func (s *Session) Token() string { return s.provider.Token() }

// Grant is what Keystone gave the session.
type Grant struct {
	UserID, UserName       string
	ProjectID, ProjectName string
	Roles                  []string
	ExpiresAt              time.Time
	// Restricted tells that the token comes from an application credential.
	Restricted bool
}

// Grant returns what Keystone gave when the session was opened.
func (s *Session) Grant() Grant { return s.grant }

// ProjectID returns the project the session is scoped to, or "".
func (s *Session) ProjectID() string { return s.grant.ProjectID }

// UserID returns the user the session belongs to.
func (s *Session) UserID() string { return s.grant.UserID }

// extractor is a token's answer, created or shown.
// stamp is a time of Keystone's. It is in UTC, and of a token whose application credential ends before
// it would it comes without a zone.
type stamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *stamp) UnmarshalJSON(raw []byte) error {
	text := strings.TrimSuffix(strings.Trim(string(raw), `"`), "Z")
	t, err := time.Parse("2006-01-02T15:04:05.999999", text)
	s.Time = t
	return err
}

type extractor interface{ ExtractInto(v any) error }

func grantOf(answer extractor) (Grant, error) {
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
	if err := answer.ExtractInto(&t); err != nil {
		return Grant{}, err
	}
	g := Grant{UserID: t.User.ID, UserName: t.User.Name, ProjectID: t.Project.ID, ProjectName: t.Project.Name, ExpiresAt: t.ExpiresAt.UTC(),
		Restricted: slices.Contains(t.Methods, "application_credential")}
	for _, r := range t.Roles {
		g.Roles = append(g.Roles, r.Name)
	}
	return g, nil
}

// Fault maps an error of a call made through this session. A refusal of the manager's own
// credential is waited out; that of a user's token needs the user.
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
