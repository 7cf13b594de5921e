package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox"
	"mycloudmanager/sandbox/sandboxtest"
)

func compute(t *testing.T, c *sandboxtest.Cloud, user string) *gophercloud.ServiceClient {
	t.Helper()
	client, err := openstack.NewComputeV2(c.Client(t, user), gophercloud.EndpointOpts{})
	require.NoError(t, err)
	return client
}

func names(t *testing.T, client *gophercloud.ServiceClient) ([]string, error) {
	t.Helper()
	pages, err := servers.List(client, servers.ListOpts{Limit: 4}).AllPages(t.Context())
	if err != nil {
		return nil, err
	}
	list, err := servers.ExtractServers(pages)
	require.NoError(t, err)
	var out []string
	for _, s := range list {
		out = append(out, s.Name)
	}
	return out, nil
}

func TestControl_fault_injection(t *testing.T) {
	c := sandboxtest.Start(t)
	client := compute(t, c, "demo")
	c.Control(t, http.MethodPost, "/faults", `{"service":"nova","method":"GET","path_regex":"/servers","kind":"status","status":503,"count":2}`)
	for range 2 {
		_, err := names(t, client)
		require.True(t, gophercloud.ResponseCodeIs(err, http.StatusServiceUnavailable), "%v", err)
	}
	list, err := names(t, client)
	require.NoError(t, err)
	require.Equal(t, []string{"legacy-1", "build-1", "mail-1", "db-1", "web-2", "web-1"}, list)

	c.Control(t, http.MethodPost, "/faults", `{"service":"nova","kind":"drop","count":-1}`) // clients retry a failed read once
	_, err = names(t, client)
	require.Error(t, err)
	c.Control(t, http.MethodDelete, "/faults", "")
	c.Control(t, http.MethodPost, "/faults", `{"service":"nova","kind":"expire_token"}`)
	_, err = names(t, client)
	require.NoError(t, err, "the client signs in again")
	c.Control(t, http.MethodPost, "/faults", `{"service":"nova","kind":"latency","ms":80,"count":-1}`)
	start := time.Now()
	_, err = names(t, client)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(start), 80*time.Millisecond)
	c.Control(t, http.MethodDelete, "/faults", "")
	c.Control(t, http.MethodPost, "/faults", `{"service":"nova","kind":"status","status":503,"probability":0.5,"count":-1}`)
	refused := 0
	for range 200 {
		if _, err := names(t, client); err != nil {
			refused++
		}
	}
	require.InDelta(t, 150, refused, 45, "each of the list's two pages is refused with a probability of one half")
	c.Control(t, http.MethodDelete, "/faults", "")
	require.Equal(t, "[]", string(c.Control(t, http.MethodGet, "/faults", "")))
}

func TestKeystone_roles_and_projects(t *testing.T) {
	c := sandboxtest.Start(t)
	web := c.Find(t, "nova", "servers", "web-1").ID
	_, err := servers.Get(t.Context(), compute(t, c, "viewer"), web).Extract()
	require.NoError(t, err)
	err = servers.Stop(t.Context(), compute(t, c, "viewer"), web).ExtractErr()
	require.True(t, gophercloud.ResponseCodeIs(err, http.StatusForbidden), "%v", err)
	_, err = servers.Get(t.Context(), compute(t, c, "other"), web).Extract()
	require.True(t, gophercloud.ResponseCodeIs(err, http.StatusNotFound), "%v", err)
	require.NoError(t, servers.Stop(t.Context(), compute(t, c, "admin"), web).ExtractErr())
}

func TestSandbox_resumes_after_kill(t *testing.T) {
	dir := t.TempDir()
	// At this speed the server is still building when the process ends.
	first, err := sandbox.New(sandbox.Config{DataDir: dir, Speed: 20})
	require.NoError(t, err)
	c := sandboxtest.Serve(t, first, dir)
	before := c.Count(t)
	id := c.Raw(t, "demo", http.MethodPost, "/compute/v2.1/servers", `{"server":{"name":"x","flavorRef":"1","imageRef":"`+
		c.State(t)["glance"]["images"][0].ID+`"}}`)["server"].(map[string]any)["id"].(string)
	c.Control(t, http.MethodPost, "/quotas", `{"instances":7}`)
	c.Control(t, http.MethodPost, "/faults", `{"service":"glance","kind":"status","status":500,"count":3}`)
	token := c.Client(t, "demo").Token()
	time.Sleep(20 * time.Millisecond)
	c.Kill()
	time.Sleep(300 * time.Millisecond) // the cloud's timers keep running while its process is dead

	c = sandboxtest.StartIn(t, dir)
	require.Equal(t, "ACTIVE", c.Find(t, "nova", "servers", "x").Status)
	require.Equal(t, before["nova/servers"]+1, c.Count(t)["nova/servers"])
	require.Equal(t, before["neutron/ports"]+1, c.Count(t)["neutron/ports"])
	require.Contains(t, string(c.Control(t, http.MethodGet, "/faults", "")), `"count":3`)
	demo := newAsker(t, c, "demo")
	demo.token = token
	require.Equal(t, 200, demo.ask("nova", "GET", "/servers/"+id, "").Status)
	demo.same("nova/quota_instances", "POST", "/servers", `{"server":{"name":"y","flavorRef":"1","imageRef":"`+c.State(t)["glance"]["images"][0].ID+`"}}`)

	c.Control(t, http.MethodPost, "/reset", "")
	require.Equal(t, before, c.Count(t))
}

func TestKeystone_application_credentials_cannot_delegate(t *testing.T) {
	c := sandboxtest.Start(t)
	demo := newAsker(t, c, "demo")
	credentials := "/users/" + c.Find(t, "keystone", "users", "demo").ID + "/application_credentials"
	id := demo.do("keystone", "POST", credentials, `{"application_credential":{"name":"mcm","secret":"s3cret"}}`)
	client, err := openstack.AuthenticatedClient(t.Context(), gophercloud.AuthOptions{IdentityEndpoint: c.AuthURL,
		ApplicationCredentialID: id, ApplicationCredentialSecret: "s3cret"})
	require.NoError(t, err)
	app := &asker{t, c, client.Token(), demo.project, demo.client}
	require.Equal(t, 200, app.ask("nova", "GET", "/servers", "").Status)
	app.same("keystone/trust_by_application_credential", "POST", "/OS-TRUST/trusts", `{"trust":{}}`)
	app.same("keystone/application_credential_restricted", "POST", credentials, `{"application_credential":{"name":"more"}}`)
	app.same("heat/stack_by_application_credential", "POST", "/stacks", `{"stack_name":"x","template":{"heat_template_version":"2018-08-31"}}`)
	demo.same("keystone/application_credential_bad_secret", "POST", "/auth/tokens",
		`{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"`+id+`","secret":"wrong"}}}}`)

	demo.do("keystone", "DELETE", credentials+"/"+id, "")
	_, err = openstack.AuthenticatedClient(t.Context(), gophercloud.AuthOptions{IdentityEndpoint: c.AuthURL,
		ApplicationCredentialID: id, ApplicationCredentialSecret: "s3cret"})
	require.True(t, gophercloud.ResponseCodeIs(err, http.StatusNotFound), "%v", err)
}
