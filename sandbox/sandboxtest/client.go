package sandboxtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
)

// Client signs a user in (the password is the user's name) to the user's project.
func (c *Cloud) Client(t testing.TB, user string) *gophercloud.ProviderClient {
	t.Helper()
	project := "demo"
	if user == "other" {
		project = "other"
	}
	client, err := openstack.AuthenticatedClient(t.Context(), gophercloud.AuthOptions{IdentityEndpoint: c.AuthURL,
		Username: user, Password: user, DomainName: "Default", TenantName: project, AllowReauth: true})
	if err != nil {
		t.Fatalf("sign %s in: %v", user, err)
	}
	return client
}

// Control calls the control API.
func (c *Cloud) Control(t testing.TB, method, path, body string) []byte {
	t.Helper()
	return c.send(t, method, c.URL+"/_control"+path, body, nil)
}

// Raw calls any API as a user and fails the test if the call is refused.
func (c *Cloud) Raw(t testing.TB, user, method, path, body string) map[string]any {
	t.Helper()
	raw := c.send(t, method, c.URL+path, body, map[string]string{"X-Auth-Token": c.Client(t, user).Token()})
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return out
}

func (c *Cloud) send(t testing.TB, method, url, body string, header map[string]string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 400 {
		t.Fatalf("%s %s: %s %s %v", method, url, resp.Status, raw, err)
	}
	return raw
}

// Resource is a resource as listed by the control API.
type Resource struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Namespace string         `json:"namespace"`
	Status    any            `json:"status"`
	Project   string         `json:"project"`
	Tags      []string       `json:"tags"`
	Metadata  map[string]any `json:"metadata"`
}

// State lists every resource by service and type.
func (c *Cloud) State(t testing.TB) map[string]map[string][]Resource {
	t.Helper()
	var out map[string]map[string][]Resource
	if err := json.Unmarshal(c.Control(t, http.MethodGet, "/state", ""), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Count counts the resources of each "<service>/<type>". Comparing the counts before and after a test reveals
// leaked resources.
func (c *Cloud) Count(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	for service, types := range c.State(t) {
		for typ, list := range types {
			out[service+"/"+typ] = len(list)
		}
	}
	return out
}

// Project returns the id of a user's project.
func (c *Cloud) Project(t testing.TB, user string) string {
	t.Helper()
	token, ok := c.Client(t, user).GetAuthResult().(tokens.CreateResult)
	if !ok {
		t.Fatal("no token")
	}
	project, err := token.ExtractProject()
	if err != nil {
		t.Fatal(err)
	}
	return project.ID
}

// Find returns the resource with a name and fails the test if there is none.
func (c *Cloud) Find(t testing.TB, service, typ, name string) Resource {
	t.Helper()
	for _, r := range c.State(t)[service][typ] {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no %s of %s is called %s", typ, service, name)
	return Resource{}
}
