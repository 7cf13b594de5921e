package stack_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/stack"
	"mycloudmanager/sandbox/sandboxtest"
)

func session(t *testing.T, c *sandboxtest.Cloud) *openstack.Session {
	t.Helper()
	s, err := openstack.New(c.AuthURL, "demo", "demo", "demo").Manager(t.Context())
	require.NoError(t, err)
	return s
}

func preflight(t *testing.T, c *sandboxtest.Cloud, p stack.Parameters) (stack.Report, map[string]stack.Check) {
	t.Helper()
	before := c.Count(t)
	r, err := stack.Preflight(t.Context(), session(t, c), p, false)
	require.NoError(t, err)
	after := c.Count(t)
	delete(before, "keystone/tokens")
	delete(after, "keystone/tokens")
	require.Equal(t, before, after, "a preflight changes nothing")
	checks := map[string]stack.Check{}
	for _, c := range r.Checks {
		checks[c.Resource] = c
	}
	return r, checks
}

func TestPreflight_CountsResourcesOfTheTemplate(t *testing.T) {
	c := sandboxtest.Start(t)
	r, small := preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "small"})
	require.True(t, r.OK, "%+v", r.Checks)
	for _, resource := range []string{"instances", "cores", "ram", "volumes", "gigabytes", "floating_ips", "networks", "routers", "ports", "security_groups",
		"security_group_rules", "key_pair", "image", "flavor", "heat", "trust"} {
		require.Contains(t, small, resource)
		require.True(t, small[resource].OK, "%+v", small[resource])
	}
	require.Equal(t, "Debian 12", r.Parameters.Image)
	require.Equal(t, "m1.medium", r.Parameters.MasterFlavor)
	require.Equal(t, "m1.tiny", r.Parameters.EtcdFlavor)
	require.Equal(t, "public", r.Parameters.ExternalNetwork)
	require.Equal(t, []int{1, 2, 4096}, []int{small["instances"].Needed, small["cores"].Needed, small["ram"].Needed})
	require.Equal(t, 6, small["instances"].Used, "the six servers that are there")

	_, ha := preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "ha"})
	require.Equal(t, []int{8, 5*2 + 3, 5*4096 + 3*1024}, []int{ha["instances"].Needed, ha["cores"].Needed, ha["ram"].Needed})
	require.Equal(t, 8+2, ha["ports"].Needed)
	for resource, n := range map[string]int{"floating_ips": 1, "networks": 1, "routers": 1, "security_groups": 2, "security_group_rules": 7} {
		require.Equal(t, n, ha[resource].Needed, resource)
	}
}

// Each exceeded quota has a line, and the figures are consistent.
func TestPreflight_ExceededQuotas(t *testing.T) {
	c := sandboxtest.Start(t)
	_, checks := preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "ha"})
	for resource, quota := range map[string][2]string{"instances": {"nova", "instances"}, "cores": {"nova", "cores"}, "ram": {"nova", "ram"},
		"floating_ips": {"neutron", "floatingip"}, "networks": {"neutron", "network"}, "routers": {"neutron", "router"}, "ports": {"neutron", "port"},
		"security_groups": {"neutron", "security_group"}, "security_group_rules": {"neutron", "security_group_rule"}} {
		limit := checks[resource].Used + checks[resource].Needed - 1
		setQuota(t, c, quota[0], quota[1], limit)
		r, now := preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "ha"})
		require.False(t, r.OK, resource)
		require.False(t, now[resource].OK, resource)
		require.Equal(t, limit, now[resource].Limit, resource)
		require.Contains(t, now[resource].Detail.String(), "1 more needed", resource)
		setQuota(t, c, quota[0], quota[1], limit+1)
		r, now = preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "ha"})
		require.True(t, now[resource].OK && r.OK, "%s: what just fits, fits: %+v", resource, r.Checks)
		setQuota(t, c, quota[0], quota[1], -1)
		_, now = preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "ha"})
		require.True(t, now[resource].OK, "%s: no limit", resource)
	}
}

func TestPreflight_UnknownNames(t *testing.T) {
	c := sandboxtest.Start(t)
	for resource, p := range map[string]stack.Parameters{
		"key_pair": {Name: "toolbox", KeyPair: "nobodys"}, "image": {Name: "toolbox", Image: "CP/M"}, "flavor": {Name: "toolbox", MasterFlavor: "m9.huge"},
		"networks": {Name: "toolbox", ExternalNetwork: "outside"},
	} {
		r, checks := preflight(t, c, p)
		require.False(t, r.OK, resource)
		require.False(t, checks[resource].OK, resource)
		require.Contains(t, checks[resource].Detail.String(), "no ", resource)
	}
	two, none := 2, 0
	_, err := stack.Preflight(t.Context(), session(t, c), stack.Parameters{Name: "toolbox", Masters: &two, Etcd: &none}, false)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestPreflight_RestrictedCredential(t *testing.T) {
	c := sandboxtest.Start(t)
	r, err := stack.Preflight(t.Context(), session(t, c), stack.Parameters{Name: "toolbox"}, true)
	require.NoError(t, err)
	require.False(t, r.OK)
	last := r.Checks[len(r.Checks)-1]
	require.Equal(t, "trust", last.Resource)
	require.Contains(t, last.Detail.String(), "application credential")
}

func TestPreflight_UnavailableCloud(t *testing.T) {
	c := sandboxtest.Start(t)
	s := session(t, c)
	c.Control(t, http.MethodPost, "/faults", `{"service":"neutron","count":-1,"kind":"status","status":503}`)
	_, err := stack.Preflight(t.Context(), s, stack.Parameters{Name: "toolbox"}, false)
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
}

func setQuota(t *testing.T, c *sandboxtest.Cloud, service, name string, limit int) {
	t.Helper()
	c.Control(t, http.MethodPost, "/quotas", fmt.Sprintf(`{"project":"demo","service":%q,%q:%d}`, service, name, limit))
}

// An unavailable Heat says nothing about the stack: a deployment waits for it.
func TestPreflight_UnavailableHeat(t *testing.T) {
	c := sandboxtest.Start(t)
	c.Control(t, http.MethodPost, "/faults", `{"service":"heat","path_regex":"build_info","kind":"status","status":503,"count":1}`)
	r, checks := preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "small"})
	require.False(t, r.OK)
	require.False(t, checks["heat"].OK)
	require.Equal(t, fault.Unavailable, fault.KindOf(r.ServiceError()))
	r, _ = preflight(t, c, stack.Parameters{Name: "toolbox", Preset: "small"})
	require.True(t, r.OK)
	require.NoError(t, r.ServiceError())
}
