// Package openstack authenticates at the cloud and converts its errors to faults. Activities and readers get a Session
// from it; no other package authenticates with gophercloud.
package openstack

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	gophercloudopenstack "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"mycloudmanager/internal/fault"
)

// requestTimeout limits one HTTP request to the cloud.
const requestTimeout = 60 * time.Second

// Cloud is one OpenStack cloud, with the manager's credential for one of its projects.
type Cloud struct {
	options  gophercloud.AuthOptions
	endpoint gophercloud.EndpointOpts
	http     http.Client

	mu      sync.Mutex
	manager *Session
}

// FromEnvironment reads the manager's credential as the openstack command line does: from clouds.yaml if OS_CLOUD is
// set, otherwise from the OS_* variables.
func FromEnvironment() (*Cloud, error) {
	if name := os.Getenv("OS_CLOUD"); name != "" {
		auth, endpoint, tlsConfig, err := clouds.Parse(clouds.WithCloudName(name))
		if err != nil {
			return nil, fault.New(fault.Invalid, err, "OS_CLOUD=%s: %v", name, err)
		}
		return newCloud(auth, endpoint, tlsConfig), nil
	}
	if os.Getenv("OS_AUTH_URL") == "" {
		return nil, fault.New(fault.Invalid, nil, "no cloud: set OS_CLOUD or OS_AUTH_URL, or run `mcm sandbox`")
	}
	return newCloud(optionsFromEnv(), gophercloud.EndpointOpts{
		Region:       os.Getenv("OS_REGION_NAME"),
		Availability: availability(os.Getenv("OS_INTERFACE")),
	}, nil), nil
}

// New returns the cloud at authURL with a password credential, for the sandbox and for tests.
func New(authURL, user, password, project string) *Cloud {
	return newCloud(gophercloud.AuthOptions{
		IdentityEndpoint: authURL, Username: user, Password: password, DomainName: "Default",
		Scope: &gophercloud.AuthScope{ProjectName: project, DomainName: "Default"},
	}, gophercloud.EndpointOpts{}, nil)
}

func newCloud(auth gophercloud.AuthOptions, endpoint gophercloud.EndpointOpts, tlsConfig *tls.Config) *Cloud {
	auth.AllowReauth = true
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	if tlsConfig != nil {
		transport.TLSClientConfig = tlsConfig
	}
	return &Cloud{options: auth, endpoint: endpoint, http: http.Client{Transport: transport, Timeout: requestTimeout}}
}

// optionsFromEnv is AuthOptionsFromEnv of gophercloud with the current variable names of openrc files.
func optionsFromEnv() gophercloud.AuthOptions {
	env := os.Getenv
	o := gophercloud.AuthOptions{
		IdentityEndpoint: env("OS_AUTH_URL"), UserID: env("OS_USER_ID"), Username: env("OS_USERNAME"), Password: env("OS_PASSWORD"),
		DomainID: env("OS_USER_DOMAIN_ID"), DomainName: env("OS_USER_DOMAIN_NAME"),
		ApplicationCredentialID: env("OS_APPLICATION_CREDENTIAL_ID"), ApplicationCredentialName: env("OS_APPLICATION_CREDENTIAL_NAME"),
		ApplicationCredentialSecret: env("OS_APPLICATION_CREDENTIAL_SECRET"),
	}
	if o.UserID != "" || o.ApplicationCredentialID != "" || o.DomainID != "" {
		o.DomainName = ""
	}
	if o.ApplicationCredentialSecret == "" {
		o.Scope = &gophercloud.AuthScope{ProjectID: env("OS_PROJECT_ID")}
		if o.Scope.ProjectID == "" {
			o.Scope.ProjectName, o.Scope.DomainID, o.Scope.DomainName = env("OS_PROJECT_NAME"), env("OS_PROJECT_DOMAIN_ID"), env("OS_PROJECT_DOMAIN_NAME")
			if o.Scope.DomainID != "" {
				o.Scope.DomainName = ""
			}
		}
	}
	return o
}

func availability(name string) gophercloud.Availability {
	switch name {
	case "internal", "admin":
		return gophercloud.Availability(name)
	}
	return gophercloud.AvailabilityPublic
}

// AuthURL returns the address of the identity service.
func (c *Cloud) AuthURL() string { return c.options.IdentityEndpoint }

// Service returns the manager's session and the client of one of its services, for example (*Session).Compute.
func (c *Cloud) Service(ctx context.Context, of func(*Session) (*gophercloud.ServiceClient, error)) (*Session, *gophercloud.ServiceClient, error) {
	s, err := c.Manager(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, err := of(s)
	return s, client, err
}

// Manager returns the session of the manager's credential. The session is shared, and authenticates again when its token
// expires.
func (c *Cloud) Manager(ctx context.Context) (*Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.manager != nil {
		return c.manager, nil
	}
	s, err := c.authenticate(ctx, c.options)
	if err != nil {
		return nil, managerFault(err)
	}
	s.own = true
	c.manager = s
	return s, nil
}

// managerFault reports that the manager's credential was refused. An operator can repair the credential, so the fault is
// retried.
func managerFault(err error) error {
	if fault.KindOf(err) == fault.Unauthorized {
		return fault.New(fault.Unavailable, err, "the cloud refuses the manager's own credential: %s", fault.MessageOf(err))
	}
	return err
}

// WithToken returns a session with a user's token. It does not exchange the token for another one, which Keystone
// refuses for application credentials.
// https://docs.openstack.org/api-ref/identity/v3/#validate-and-show-information-for-token
func (c *Cloud) WithToken(ctx context.Context, token string) (*Session, error) {
	p, err := c.provider()
	if err != nil {
		return nil, err
	}
	p.SetToken(token)
	identity, err := gophercloudopenstack.NewIdentityV3(p, gophercloud.EndpointOpts{})
	if err != nil {
		return nil, Fault("keystone", err)
	}
	shown := tokens.Get(ctx, identity, token)
	g, err := grantOf(shown)
	if err != nil {
		err = Fault("keystone", err)
		if fault.KindOf(err) == fault.NotFound {
			return nil, fault.New(fault.Unauthorized, err, "keystone: the token is not valid")
		}
		return nil, err
	}
	catalog, err := shown.ExtractServiceCatalog()
	if err != nil {
		return nil, Fault("keystone", err)
	}
	//nolint:contextcheck // the type of EndpointLocator has no context
	p.EndpointLocator = func(o gophercloud.EndpointOpts) (string, error) {
		return gophercloudopenstack.V3Endpoint(context.Background(), p, catalog, o)
	}
	return &Session{provider: p, endpoint: c.endpoint, grant: g}, nil
}

// Login is the credential of a user or a program.
type Login struct {
	Username, Password, UserDomain string
	Project, ProjectDomain         string

	ApplicationCredentialID, ApplicationCredentialSecret string
}

// SignIn opens a session with a credential.
func (c *Cloud) SignIn(ctx context.Context, l Login) (*Session, error) {
	if l.ApplicationCredentialID != "" {
		return c.authenticate(ctx, gophercloud.AuthOptions{
			IdentityEndpoint: c.options.IdentityEndpoint, ApplicationCredentialID: l.ApplicationCredentialID, ApplicationCredentialSecret: l.ApplicationCredentialSecret,
		})
	}
	return c.authenticate(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: c.options.IdentityEndpoint, Username: l.Username, Password: l.Password, DomainName: l.UserDomain,
		Scope: &gophercloud.AuthScope{ProjectName: l.Project, DomainName: l.ProjectDomain},
	})
}

// Revoke revokes a token.
func (c *Cloud) Revoke(ctx context.Context, token string) error {
	p, err := c.provider()
	if err != nil {
		return err
	}
	p.SetToken(token)
	identity, err := gophercloudopenstack.NewIdentityV3(p, gophercloud.EndpointOpts{})
	if err != nil {
		return Fault("keystone", err)
	}
	return Fault("keystone", tokens.Revoke(ctx, identity, token).Err)
}

func (c *Cloud) provider() (*gophercloud.ProviderClient, error) {
	p, err := gophercloudopenstack.NewClient(c.options.IdentityEndpoint)
	if err != nil {
		return nil, fault.New(fault.Invalid, err, "identity address %q: %v", c.options.IdentityEndpoint, err)
	}
	p.HTTPClient = c.http
	p.UserAgent.Prepend("mycloudmanager")
	return p, nil
}

func (c *Cloud) authenticate(ctx context.Context, o gophercloud.AuthOptions) (*Session, error) {
	p, err := c.provider()
	if err != nil {
		return nil, err
	}
	if err := gophercloudopenstack.Authenticate(ctx, p, o); err != nil {
		return nil, Fault("keystone", err)
	}
	response, ok := p.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return nil, fault.New(fault.Invalid, nil, "the cloud does not speak Keystone v3")
	}
	g, err := grantOf(response)
	if err != nil {
		return nil, Fault("keystone", err)
	}
	return &Session{provider: p, endpoint: c.endpoint, grant: g}, nil
}
