//go:build acceptance

package e2e_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	cloud "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/stretchr/testify/require"

	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// enrollHosts runs one enrollment command on all hosts concurrently.
func enrollHosts(t *testing.T, h *hostSet) {
	command := h.command(t, map[string]any{"label": "all", "max_uses": len(h.numbers())})
	var group sync.WaitGroup
	said, failed := make([]string, len(h.ids)), make([]error, len(h.ids))
	took := make([]time.Duration, len(h.ids))
	for _, n := range h.numbers() {
		group.Go(func() {
			began := time.Now()
			said[n], failed[n] = hostlab.On(t, n, command)
			took[n] = time.Since(began)
		})
	}
	group.Wait()
	for _, n := range h.numbers() {
		require.NoError(t, failed[n], "%s: %s", hostlab.Name(n), said[n])
		require.Contains(t, said[n], "mcm: enrolled")
		t.Logf("%s, %s: %.1f s", hostlab.Name(n), distribution(n), took[n].Seconds())
		h.requireEnrolled(t, n)
	}
	require.Contains(t, hostlab.MustOn(t, 1, command), "mcm: enrolled", "once more on the same host is no fault")
	var shown struct{ Properties map[string]string }
	openstack(t, &shown, "server", "show", h.ids[1], "-c", "properties")
	require.Equal(t, h.properties(t, 1), shown.Properties)
	require.Equal(t, distribution(1), shown.Properties["mcm:distribution"])
	var list []map[string]any
	openstack(t, &list, "port", "list", "--name", "mcm-instances")
	require.Len(t, list, 1, "the hosts' subnet is attached once, whoever came first")
}

// refused runs an invalid enrollment command, which must fail with the given message.
func refused(t *testing.T, n int, command, words string) {
	t.Helper()
	out, err := hostlab.On(t, n, command)
	require.Error(t, err, out)
	require.Contains(t, out, words)
}

const refuses = "mcm: the manager refuses: "

// tokensOnHosts runs enrollment with invalid tokens. Host 2 must be unchanged, and host 1 is enrolled in the
// end.
func tokensOnHosts(t *testing.T, h *hostSet) {
	for n := 1; n <= 2; n++ {
		h.unenroll(t, n)
	}
	good := h.command(t, map[string]any{})
	refused(t, 1, regexp.MustCompile(`mcm_enr_\w+`).ReplaceAllString(good, "mcm_enr_aaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbb"), refuses+"the token is not valid")
	bound := h.command(t, map[string]any{"instance_id": h.ids[1]})
	refused(t, 2, bound, refuses+"the token is for another instance")
	id, revoked := h.newToken(t, map[string]any{})
	response, raw := h.do(t, http.MethodDelete, "/enrollment-tokens/"+id, nil, nil)
	require.Equal(t, http.StatusNoContent, response.StatusCode, string(raw))
	refused(t, 2, revoked, refuses+"the token was revoked")
	require.Contains(t, hostlab.MustOn(t, 1, bound), "mcm: enrolled")
	h.requireStrange(t, 2)
	require.Contains(t, hostlab.MustOn(t, 2, good), "mcm: enrolled")
	h.unenroll(t, 2)
	refused(t, 1, good, refuses+"the token was used already: make a new one")
	h.requireEnrolled(t, 1)
	h.requireStrange(t, 2)
}

// everyoneIn enrolls the hosts that are not enrolled.
func (h *hostSet) everyoneIn(t *testing.T) {
	t.Helper()
	for _, n := range h.numbers() {
		if !h.show(t, n).Enrolled {
			require.Contains(t, hostlab.MustOn(t, n, h.command(t, map[string]any{})), "mcm: enrolled")
		}
	}
}

// serversOfOthers makes host 2 claim the id of a server that it is not.
func serversOfOthers(t *testing.T, h *hostSet) {
	h.unenroll(t, 2)
	command := h.command(t, map[string]any{"max_uses": 3})
	as := func(id string) string { return "export MCM_SERVER_ID=" + id + "; " + command }
	refused(t, 2, as("00000000-0000-4000-8000-000000000000"), "the project has no server 00000000-0000-4000-8000-000000000000")
	foreign := serverElsewhere(t)
	refused(t, 2, as(foreign), "the project has no server "+foreign)
	refused(t, 2, as(h.ids[1]), "the request came from 10.77.0.12, which is not an address of the server "+hostlab.Name(1))
	h.requireEnrolled(t, 1)
	hostlab.MustOn(t, 2, strings.TrimSuffix(command, "sh")+"sh -s -- --uninstall")
	h.requireStrange(t, 2)
}

// serverElsewhere returns a server of another project in the same cloud.
func serverElsewhere(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	options, _, _, err := clouds.Parse(clouds.WithCloudName("admin"))
	require.NoError(t, err)
	provider, err := cloud.AuthenticatedClient(ctx, options)
	require.NoError(t, err)
	identity, err := cloud.NewIdentityV3(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	project, err := projects.Create(ctx, identity, projects.CreateOpts{Name: "elsewhere", DomainID: "default"}).Extract()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, projects.Delete(context.Background(), identity, project.ID).ExtractErr()) })
	me, err := tokens.Get(ctx, identity, provider.Token()).ExtractUser()
	require.NoError(t, err)
	pages, err := roles.List(identity, roles.ListOpts{Name: "admin"}).AllPages(ctx)
	require.NoError(t, err)
	admin, err := roles.ExtractRoles(pages)
	require.NoError(t, err)
	require.NoError(t, roles.Assign(ctx, identity, admin[0].ID, roles.AssignOpts{UserID: me.ID, ProjectID: project.ID}).ExtractErr())

	options.TenantName, options.TenantID, options.Scope = "", "", &gophercloud.AuthScope{ProjectID: project.ID}
	there, err := cloud.AuthenticatedClient(ctx, options)
	require.NoError(t, err)
	compute, err := cloud.NewComputeV2(there, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	compute.Microversion = "2.37" // later versions require a network
	flavor, image := smallest(t, there)
	server, err := servers.Create(ctx, compute, servers.CreateOpts{Name: "elsewhere", FlavorRef: flavor, ImageRef: image, Networks: "none"}, nil).Extract()
	require.NoError(t, err)
	t.Cleanup(func() { removeServer(t, compute, server.ID) })
	return server.ID
}

func expiredToken(t *testing.T, h *hostSet, command string, end time.Time) {
	time.Sleep(time.Until(end.Add(time.Second)))
	h.unenroll(t, 2)
	refused(t, 2, command, refuses+"the token has expired: make a new one")
	h.requireStrange(t, 2)
}

// withoutSudo enrolls a host that has no sudo and no package source. It must report that and be unchanged, and
// be enrolled once packages are available.
func withoutSudo(t *testing.T, h *hostSet) {
	t.Helper()
	h.unenroll(t, 2)
	hostlab.MustOn(t, 2, "SUDO_FORCE_REMOVE=yes dpkg --purge sudo && mv /etc/apt/apt.conf.d/01proxy /root/")
	command := h.command(t, map[string]any{})
	refused(t, 2, command, "mcm: cannot install sudo: what the package manager said is above")
	h.requireStrange(t, 2)
	hostlab.MustOn(t, 2, "mv /root/01proxy /etc/apt/apt.conf.d/")
	require.Contains(t, hostlab.MustOn(t, 2, command), "mcm: enrolled")
	h.requireEnrolled(t, 2)
}

func (h *hostSet) unenroll(t *testing.T, n int) {
	t.Helper()
	h.endWithin(t, h.begin(t, http.MethodDelete, "/instances/"+h.ids[n], nil, nil).ID, "succeeded", 3*time.Minute)
	h.requireStrange(t, n)
}

func unenrollHosts(t *testing.T, h *hostSet) {
	h.play(t, "remove", "succeeded")
	for _, n := range h.numbers() {
		hostlab.MustOn(t, n, "! command -v chronyd && ! test -e /var/lib/mcm-agents")
		h.unenroll(t, n)
	}
	var left []map[string]any
	openstack(t, &left, "port", "list", "--name", "mcm-instances")
	require.Empty(t, left, "the last of them takes the subnet off the router")
}
