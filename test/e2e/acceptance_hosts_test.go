//go:build acceptance

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	cloud "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/platform/supervisor"
	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// hostSet is the set of real hosts of test/acceptance/hosts, each registered in Nova as a server with its
// address.
type hostSet struct {
	*person // user of the API
	worker  *product
	compute *gophercloud.ServiceClient
	ids     []string // by host number, from 1
	lan     string   // their network
	kills   int
}

// startApart starts the API and the worker as separate processes with an external Temporal, as replicas run.
func startApart(t *testing.T) *hostSet {
	t.Helper()
	db := startPostgres(t)
	require.NoError(t, db.exec("postgres", "CREATE DATABASE audit"))
	dir := t.TempDir()
	temporal, err := supervisor.StartTemporal(t.Context(), supervisor.TemporalOptions{Executable: temporaltest.Executable(t), DataDir: dir,
		Database: db.url("temporal"), Namespace: "mcm", PublicPath: "/temporal"})
	require.NoError(t, err)
	t.Cleanup(temporal.Stop)
	p := newProductAt(t, freeAddressOn(t, hostlab.Gateway)) // if this fails: run test/acceptance/up.sh openstack kubernetes hosts
	h := &hostSet{worker: newProduct(t)}
	environment := append(temporalAt(t, temporal, dir), "MCM_KUBECONFIG="+os.Getenv("KUBECONFIG"), "MCM_PUBLIC_URL=http://"+p.listen, "MCM_AUDIT_URL="+db.url("audit"))
	p.arguments, p.environment = []string{"api"}, environment
	h.worker.arguments, h.worker.environment = []string{"worker"}, environment
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	share(t, p, h.worker)
	require.NoError(t, h.worker.spawn(temporaltest.Product(t)))
	t.Cleanup(func() { h.worker.down(t) })
	h.person = p.signInAs(t, os.Getenv("OS_USERNAME"), os.Getenv("OS_PASSWORD"), os.Getenv("OS_PROJECT_NAME"))
	return h
}

// killAfter kills the worker, the API and both in turn and restarts them.
func (h *hostSet) killAfter(t *testing.T, wait time.Duration) {
	t.Helper()
	time.Sleep(wait)
	h.kills++
	if h.kills%3 != 2 {
		h.worker.kill()
	}
	if h.kills%3 != 1 {
		h.product.kill()
		h.up(t)
	}
	if h.kills%3 != 2 {
		require.NoError(t, h.worker.spawn(temporaltest.Product(t)))
	}
	t.Logf("killed: %s", []string{"API and worker", "worker", "API"}[h.kills%3])
}

// away runs a function while the manager is down.
func (h *hostSet) away(t *testing.T, do func()) {
	t.Helper()
	h.worker.down(t)
	h.down(t)
	do()
	h.up(t)
	require.NoError(t, h.worker.spawn(temporaltest.Product(t)))
}

// numbers returns the host numbers, from 1.
func (h *hostSet) numbers() (out []int) {
	for n := 1; n < len(h.ids); n++ {
		out = append(out, n)
	}
	return out
}

func hostCount(t *testing.T, variable string, fallback int) int {
	t.Helper()
	if os.Getenv(variable) == "" {
		return fallback
	}
	n, err := strconv.Atoi(os.Getenv(variable))
	require.NoError(t, err, variable)
	return n
}

func shell(t *testing.T, words ...string) {
	t.Helper()
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	require.NoError(t, err, "%v: %s", words, out)
}

// TestHosts enrolls real hosts, which real Nova and Neutron have as servers, by the command for users, and
// installs agents of an app that runs on a real kubelet.
func TestHosts(t *testing.T) {
	h := startApart(t)
	began := time.Now()
	deploy := h.begin(t, http.MethodPost, "/stack", map[string]any{"name": "hosts", "preset": "small"}, nil).ID
	defer func() {
		h.endWithin(t, h.begin(t, http.MethodDelete, "/stack?confirm=hosts", nil, nil).ID, "succeeded", 5*time.Minute)
	}()
	h.register(t, hostCount(t, "MCM_HOST_COUNT", 6))
	h.endWithin(t, deploy, "succeeded", 10*time.Minute)
	t.Logf("a stack, and %d servers in Nova: %s", len(h.numbers()), time.Since(began))
	prefer(t, "real")
	began = time.Now()
	h.endWithin(t, h.begin(t, http.MethodPost, "/apps/ntp/launch", nil, nil).ID, "succeeded", 5*time.Minute)
	defer func() {
		h.endWithin(t, h.begin(t, http.MethodPost, "/apps/ntp/uninstall", map[string]any{"delete_volume": true, "confirm": "ntp"}, nil).ID, "succeeded", 5*time.Minute)
		prefer(t, "all")
	}()
	shell(t, "../acceptance/kubernetes/nodeports.sh")
	t.Logf("launch ntp: %s", time.Since(began))
	watch := watchPlays(t)

	short, madeAt := h.command(t, map[string]any{"ttl_seconds": 60}), time.Now() // the minimum lifetime: it expires meanwhile
	for _, part := range []struct {
		name string
		run  func(*testing.T, *hostSet)
	}{
		{"enroll", enrollHosts},
		{"tokens", tokensOnHosts},
		{"servers of others", serversOfOthers},
		{"agents", agentsOnHosts},
		{"an expired token", func(t *testing.T, h *hostSet) { expiredToken(t, h, short, madeAt.Add(time.Minute)) }},
		{"something is missing", somethingIsMissing},
		{"another host key", anotherHostKey},
		{"a host stops in a playbook", hostStops},
		{"kills", killsOnHosts},
		{"every agent", everyAgent},
		{"backups of files", backUpFilesBy(resticOnHosts)},
		{"backups of files by duplicity", backUpFilesBy(duplicityOnHosts)},
		{"snapshots", snapshotsOfHosts},
		{"unenroll", unenrollHosts},
	} {
		began := time.Now()
		passed := t.Run(part.name, func(t *testing.T) {
			defer func() { t.Logf("it took %s", time.Since(began).Round(100*time.Millisecond)) }()
			if part.name != "enroll" { // a part may have been excluded by -run, and some parts leave a host unenrolled
				h.everyoneIn(t)
			}
			part.run(t, h)
		})
		if !passed {
			break
		}
	}
	require.Empty(t, watch(), "two playbooks at once on one host")
}

// smallest returns a flavor and an image that every project may use.
func smallest(t *testing.T, provider *gophercloud.ProviderClient) (flavor, image string) {
	t.Helper()
	compute, err := cloud.NewComputeV2(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	glance, err := cloud.NewImageV2(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	pages, err := flavors.ListDetail(compute, nil).AllPages(t.Context())
	require.NoError(t, err)
	sizes, err := flavors.ExtractFlavors(pages)
	require.NoError(t, err)
	pages, err = images.List(glance, images.ListOpts{Name: "debian-12"}).AllPages(t.Context())
	require.NoError(t, err)
	systems, err := images.ExtractImages(pages)
	require.NoError(t, err)
	require.NotEmpty(t, systems)
	return sizes[0].ID, systems[0].ID
}

// removeServer deletes a server and waits for the deletion.
func removeServer(t *testing.T, compute *gophercloud.ServiceClient, id string) {
	t.Helper()
	require.NoError(t, servers.Delete(context.Background(), compute, id).ExtractErr())
	_ = servers.WaitForStatus(context.Background(), compute, id, "DELETED") // it ends with "not found"
}

// register creates the resources of the project: a network, and a server for each host with its address.
func (h *hostSet) register(t *testing.T, count int) {
	t.Helper()
	ctx := t.Context()
	provider, err := cloud.AuthenticatedClient(ctx, gophercloud.AuthOptions{IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		Username: os.Getenv("OS_USERNAME"), Password: os.Getenv("OS_PASSWORD"), DomainName: os.Getenv("OS_USER_DOMAIN_NAME"),
		Scope: &gophercloud.AuthScope{ProjectName: os.Getenv("OS_PROJECT_NAME"), DomainName: os.Getenv("OS_PROJECT_DOMAIN_NAME")}})
	require.NoError(t, err)
	compute, err := cloud.NewComputeV2(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	network, err := cloud.NewNetworkV2(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	flavor, image := smallest(t, provider)

	lan, err := networks.Create(ctx, network, networks.CreateOpts{Name: "hosts"}).Extract()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, networks.Delete(context.Background(), network, lan.ID).ExtractErr()) })
	no := false
	subnet, err := subnets.Create(ctx, network, subnets.CreateOpts{NetworkID: lan.ID, Name: "hosts", CIDR: "10.77.0.0/24", IPVersion: gophercloud.IPv4, EnableDHCP: &no}).Extract()
	require.NoError(t, err)

	h.ids, h.lan, h.compute = []string{""}, lan.ID, compute
	for n := 1; n <= count; n++ {
		port, err := ports.Create(ctx, network, ports.CreateOpts{NetworkID: lan.ID, Name: hostlab.Name(n), FixedIPs: []ports.IP{{SubnetID: subnet.ID, IPAddress: hostlab.Address(n)}}}).Extract()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, ports.Delete(context.Background(), network, port.ID).ExtractErr()) })
		server, err := servers.Create(ctx, compute, servers.CreateOpts{Name: hostlab.Name(n), FlavorRef: flavor, ImageRef: image, Networks: []servers.Network{{Port: port.ID}}}, nil).Extract()
		require.NoError(t, err)
		t.Cleanup(func() { removeServer(t, compute, server.ID) })
		h.ids = append(h.ids, server.ID)
		shell(t, hostlab.Script(t, "server-id.sh"), fmt.Sprint(n), server.ID)
	}
	for _, n := range h.numbers() {
		require.NoError(t, servers.WaitForStatus(ctx, compute, h.ids[n], "ACTIVE"))
	}
}

// command creates a token and returns the enrollment command.
func (h *hostSet) command(t *testing.T, body map[string]any) string {
	t.Helper()
	_, command := h.newToken(t, body)
	return command
}

func (h *hostSet) newToken(t *testing.T, body map[string]any) (id, command string) {
	t.Helper()
	var out struct{ ID, Command string }
	response, raw := h.do(t, http.MethodPost, "/enrollment-tokens", body, nil)
	require.Equal(t, http.StatusCreated, response.StatusCode, string(raw))
	require.NoError(t, json.Unmarshal(raw, &out))
	return out.ID, out.Command
}

func (h *hostSet) show(t *testing.T, n int) instance {
	t.Helper()
	var i instance
	h.get(t, "/instances/"+h.ids[n], &i)
	return i
}

// properties returns the server's metadata in Nova.
func (h *hostSet) properties(t *testing.T, n int) map[string]string {
	t.Helper()
	out, err := servers.Metadata(t.Context(), h.compute, h.ids[n]).Extract()
	require.NoError(t, err)
	return out
}

func distribution(n int) string { return []string{"debian 11", "debian 12", "debian 13"}[n%3] }

func (h *hostSet) requireEnrolled(t *testing.T, n int) {
	t.Helper()
	i := h.show(t, n)
	require.True(t, i.Enrolled, hostlab.Name(n))
	require.Equal(t, distribution(n), i.Distribution)
	require.Equal(t, hostlab.Address(n), i.Address)
	kept := h.properties(t, n)
	for _, key := range []string{"mcm:enrolled_at", "mcm:host_key", "mcm:machine_id"} {
		require.NotEmpty(t, kept[key], "%s of %v", key, kept)
	}
	require.Equal(t, hostlab.Address(n), kept["mcm:address"])
	hostlab.MustOn(t, n, "id mcm && test -e /etc/sudoers.d/mcm")
}

// requireStrange requires that nothing of the manager is on the host and nothing of the host in the cloud.
func (h *hostSet) requireStrange(t *testing.T, n int) {
	t.Helper()
	require.False(t, h.show(t, n).Enrolled)
	for key := range h.properties(t, n) {
		require.False(t, strings.HasPrefix(key, "mcm:") && key != rebuilt, key)
	}
	hostlab.MustOn(t, n, "! id mcm 2>/dev/null && ! test -e /etc/sudoers.d/mcm && ! test -e /home/mcm")
	// Packages that enrollment installed are removed last, after the manager's access.
	require.Eventually(t, func() bool { _, err := hostlab.On(t, n, "! test -e /var/lib/mcm-enroll"); return err == nil }, time.Minute, 100*time.Millisecond, hostlab.Name(n))
}
