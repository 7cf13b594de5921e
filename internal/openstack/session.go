package openstack

import (
	"github.com/gophercloud/gophercloud/v2"
	gophercloudopenstack "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"mycloudmanager/internal/fault"
)

// Session is an authenticated connection to the services of one project.
type Session struct {
	provider *gophercloud.ProviderClient
	endpoint gophercloud.EndpointOpts
	own      bool // the manager's credential, not a user's
}

// novaVersion is the newest compute microversion the product asks for: 2.26 brings server tags,
// 2.64 server group policies with rules.
const novaVersion = "2.64"

// Compute returns the Nova client.
func (s *Session) Compute() (*gophercloud.ServiceClient, error) {
	c, err := s.service(gophercloudopenstack.NewComputeV2)
	if err == nil {
		c.Microversion = novaVersion
	}
	return c, err
}

// Volume returns the Cinder client.
func (s *Session) Volume() (*gophercloud.ServiceClient, error) {
	return s.service(gophercloudopenstack.NewBlockStorageV3)
}

// Network returns the Neutron client.
func (s *Session) Network() (*gophercloud.ServiceClient, error) {
	return s.service(gophercloudopenstack.NewNetworkV2)
}

// Image returns the Glance client.
func (s *Session) Image() (*gophercloud.ServiceClient, error) {
	return s.service(gophercloudopenstack.NewImageV2)
}

// Orchestration returns the Heat client.
func (s *Session) Orchestration() (*gophercloud.ServiceClient, error) {
	return s.service(gophercloudopenstack.NewOrchestrationV1)
}

// Identity returns the Keystone client.
func (s *Session) Identity() (*gophercloud.ServiceClient, error) {
	return s.service(gophercloudopenstack.NewIdentityV3)
}

func (s *Session) service(open func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error)) (*gophercloud.ServiceClient, error) {
	c, err := open(s.provider, s.endpoint)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "the cloud's catalogue lacks a service: %v", err)
	}
	return c, nil
}

// Token returns the session's token.
func (s *Session) Token() string { return s.provider.Token() }

// Grant is what Keystone answered when the session was opened.
func (s *Session) Grant() (tokens.CreateResult, bool) {
	r, ok := s.provider.GetAuthResult().(tokens.CreateResult)
	return r, ok
}

// ProjectID returns the project the session is scoped to, or "".
func (s *Session) ProjectID() string {
	grant, ok := s.Grant()
	if !ok {
		return ""
	}
	project, err := grant.ExtractProject()
	if err != nil || project == nil {
		return ""
	}
	return project.ID
}

// UserID returns the user the session belongs to, or "".
func (s *Session) UserID() string {
	grant, ok := s.Grant()
	if !ok {
		return ""
	}
	user, err := grant.ExtractUser()
	if err != nil || user == nil {
		return ""
	}
	return user.ID
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
