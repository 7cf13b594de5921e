package conformance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox/sandboxtest"
)

// cloud is the cloud under test.
type cloud struct {
	authURL string
	region  string
	real    bool
	mark    string // prefix of the name of everything that the run creates
	admin   *actor // nil without administrator credentials
	member  *actor // the user that the cases run as
}

// actor is a user that is authenticated for a project.
type actor struct {
	cloud                              *cloud
	userID, user, password, projectID  string
	provider                           *gophercloud.ProviderClient
	identity, compute, volume, network *gophercloud.ServiceClient
	image, orchestration, store        *gophercloud.ServiceClient
}

// shared is the cloud of this process: it authenticates and creates a project once.
var shared *cloud

// openCloud opens the cloud that the environment names, or the simulated one.
func openCloud(t *testing.T) *cloud {
	t.Helper()
	require.NotNil(t, shared, "the cloud did not start")
	return shared
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	t := &setup{}
	defer t.end()
	if err := t.open(); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		return 1
	}
	begin := time.Now()
	code := m.Run()
	fmt.Printf("conformance: %d cases on %s in %s\n", ran.Load(), shared.authURL, time.Since(begin).Round(time.Second))
	return code
}

// setup implements the part of testing.TB that TestMain needs: cleanups at the end.
type setup struct {
	testing.TB // the simulated cloud uses only the methods below
	undo       []func()
	dir        string
}

func (s *setup) Helper()                           {}
func (s *setup) Cleanup(f func())                  { s.undo = append(s.undo, f) }
func (s *setup) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (s *setup) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (s *setup) end() {
	for _, f := range slices.Backward(s.undo) {
		f()
	}
}

func (s *setup) open() error {
	shared = &cloud{mark: "conf-" + random(3)}
	opts, err := s.target()
	if err != nil {
		return err
	}
	given, err := shared.signIn(opts)
	if err != nil {
		return err
	}
	shared.member = given
	if !given.has("admin") {
		return nil
	}
	shared.admin = given
	people := shared.newProject(s, "main")
	if shared.member, err = people.add("member", "member"); err != nil {
		return err
	}
	return nil
}

// target returns the credentials: an entry of clouds.yaml, OS_* for "env", or those of a simulated cloud that
// is started here.
func (s *setup) target() (gophercloud.AuthOptions, error) {
	name := os.Getenv("MCM_CONFORMANCE_CLOUD")
	if name == "" {
		var err error
		if s.dir, err = os.MkdirTemp("", "conformance-"); err != nil {
			return gophercloud.AuthOptions{}, err
		}
		s.Cleanup(func() { _ = os.RemoveAll(s.dir) })
		shared.authURL = sandboxtest.StartIn(s, s.dir).AuthURL
		return gophercloud.AuthOptions{IdentityEndpoint: shared.authURL, Username: "admin", Password: "admin", DomainName: "Default",
			TenantName: "demo"}, nil
	}
	if name == "env" {
		opts, err := openstack.AuthOptionsFromEnv()
		shared.authURL, shared.region, shared.real = opts.IdentityEndpoint, os.Getenv("OS_REGION_NAME"), true
		return opts, err
	}
	opts, endpoint, _, err := clouds.Parse(clouds.WithCloudName(name))
	shared.authURL, shared.region, shared.real = opts.IdentityEndpoint, endpoint.Region, true
	return opts, err
}

func random(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// signIn creates the clients of all services.
func (c *cloud) signIn(opts gophercloud.AuthOptions) (*actor, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	opts.AllowReauth = true
	provider, err := config.NewProviderClient(ctx, opts)
	if err != nil {
		return nil, err
	}
	a := &actor{cloud: c, user: opts.Username, password: opts.Password, provider: provider}
	if token, ok := provider.GetAuthResult().(tokens.CreateResult); ok {
		user, err1 := token.ExtractUser()
		project, err2 := token.ExtractProject()
		if err1 != nil || err2 != nil || project == nil {
			return nil, fmt.Errorf("%s has no project: %w", opts.Username, errors.Join(err1, err2))
		}
		a.userID, a.projectID = user.ID, project.ID
	}
	where := gophercloud.EndpointOpts{Region: c.region}
	for client, open := range map[**gophercloud.ServiceClient]func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error){
		&a.identity: openstack.NewIdentityV3, &a.compute: openstack.NewComputeV2, &a.volume: openstack.NewBlockStorageV3,
		&a.network: openstack.NewNetworkV2, &a.image: openstack.NewImageV2, &a.orchestration: openstack.NewOrchestrationV1,
		&a.store: openstack.NewObjectStorageV1,
	} {
		if *client, err = open(provider, where); err != nil {
			return nil, err
		}
	}
	a.compute.Microversion = "2.79"
	return a, nil
}

// has reports whether the actor has a role in its project.
func (a *actor) has(role string) bool {
	token, ok := a.provider.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return false
	}
	roles, err := token.ExtractRoles()
	return err == nil && slices.ContainsFunc(roles, func(r tokens.Role) bool { return r.Name == role })
}

// client returns the client of a service by its short name.
func (a *actor) client(service string) *gophercloud.ServiceClient {
	return map[string]*gophercloud.ServiceClient{"keystone": a.identity, "nova": a.compute, "cinder": a.volume,
		"neutron": a.network, "glance": a.image, "heat": a.orchestration, "swift": a.store}[service]
}

// project is a project that the run created, with its users.
type project struct {
	cloud    *cloud
	id, name string
	later    func(func())
}

// cleaner is a test or the whole run.
type cleaner interface{ Cleanup(f func()) }

// newProject creates an empty project and deletes it when the test ends.
func (c *cloud) newProject(t cleaner, name string) *project {
	p := &project{cloud: c, name: c.mark + "-" + name, later: t.Cleanup}
	made := c.admin.send(context.Background(), "POST", "keystone", "/projects", obj{"project": obj{"name": p.name, "domain_id": "default"}})
	p.id = made.text("project", "id")
	if made.status != http.StatusCreated {
		panic(fmt.Sprintf("making a project: %d %s", made.status, made.raw))
	}
	t.Cleanup(func() {
		c.forgetGroups(p.id)
		c.admin.send(context.Background(), "DELETE", "keystone", "/projects/"+p.id, nil)
	})
	return p
}

// forgetGroups deletes the project's default security group, the only resource left in it.
func (c *cloud) forgetGroups(project string) {
	ctx := context.Background()
	for _, g := range c.admin.send(ctx, "GET", "neutron", "/security-groups?project_id="+project, nil).list("security_groups") {
		c.admin.send(ctx, "DELETE", "neutron", "/security-groups/"+str(g, "id"), nil)
	}
}

// add creates a user of the project and authenticates it.
func (p *project) add(name, role string) (*actor, error) {
	ctx, c := context.Background(), p.cloud
	user := p.name + "-" + name
	made := c.admin.send(ctx, "POST", "keystone", "/users", obj{"user": obj{"name": user, "password": user, "domain_id": "default"}})
	id := made.text("user", "id")
	p.later(func() { c.admin.send(ctx, "DELETE", "keystone", "/users/"+id, nil) })
	roles := c.admin.send(ctx, "GET", "keystone", "/roles?name="+role, nil).list("roles")
	if len(roles) == 0 {
		return nil, fmt.Errorf("there is no role %s", role)
	}
	c.admin.send(ctx, "PUT", "keystone", "/projects/"+p.id+"/users/"+id+"/roles/"+str(roles[0], "id"), nil)
	return c.signIn(gophercloud.AuthOptions{IdentityEndpoint: c.authURL, Username: user, Password: user, DomainID: "default",
		TenantID: p.id})
}
