//go:build acceptance

package product_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
)

// hostSet is the real hosts of acceptance/hosts, each registered in Nova as a server with its address.
type hostSet struct {
	*person
	compute *gophercloud.ServiceClient
	ids     []string // by number, from 1
}

func hostAddress(n int) string { return fmt.Sprintf("10.77.0.%d", 10+n) }
func hostName(n int) string    { return fmt.Sprintf("mcm-host-%d", n) }

// numbers are the hosts, from 1.
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

// onHost runs a command as root on the nth host, as its console would.
func onHost(n int, command string) (string, error) {
	out, err := exec.Command("../acceptance/hosts/exec.sh", fmt.Sprint(n), "sh", "-c", command).CombinedOutput()
	return string(out), err
}

func mustOnHost(t *testing.T, n int, command string) string {
	t.Helper()
	out, err := onHost(n, command)
	require.NoError(t, err, "%s: %s: %s", hostName(n), command, out)
	return out
}

func shell(t *testing.T, words ...string) {
	t.Helper()
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	require.NoError(t, err, "%v: %s", words, out)
}

// TestHosts enrolls real hosts, which real Nova and Neutron know as servers, by the command that people paste, and puts agents on
// them that follow an app on a real kubelet.
func TestHosts(t *testing.T) {
	p := newProductAt(t, freeAddressOn(t, "10.77.0.1")) // are the hosts up? acceptance/up.sh openstack kubernetes hosts
	p.arguments = []string{"serve"}
	p.environment = []string{"MCM_KUBECONFIG=" + os.Getenv("KUBECONFIG"), "MCM_PUBLIC_URL=http://" + p.listen}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	h := &hostSet{person: p.signInAs(t, os.Getenv("OS_USERNAME"), os.Getenv("OS_PASSWORD"), os.Getenv("OS_PROJECT_NAME"))}

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

	for _, part := range []struct {
		name string
		run  func(*testing.T, *hostSet)
	}{
		{"enroll", enrollHosts},
		{"tokens", tokensOnHosts},
		{"agents", agentsOnHosts},
		{"another host key", anotherHostKey},
		{"a host stops in a playbook", hostStops},
		{"kills", killsOnHosts},
		{"unenroll", unenrollHosts},
	} {
		began := time.Now()
		if !t.Run(part.name, func(t *testing.T) { part.run(t, h) }) {
			break
		}
		t.Logf("%s: %s", part.name, time.Since(began).Round(100*time.Millisecond))
	}
	require.Empty(t, watch(), "two playbooks at once on one host")
}

// register makes what the project would have: a network, and on it a server for each host, with its address.
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
	image, err := cloud.NewImageV2(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)

	lan, err := networks.Create(ctx, network, networks.CreateOpts{Name: "hosts"}).Extract()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, networks.Delete(context.Background(), network, lan.ID).ExtractErr()) })
	no := false
	subnet, err := subnets.Create(ctx, network, subnets.CreateOpts{NetworkID: lan.ID, Name: "hosts", CIDR: "10.77.0.0/24", IPVersion: gophercloud.IPv4, EnableDHCP: &no}).Extract()
	require.NoError(t, err)
	pages, err := flavors.ListDetail(compute, nil).AllPages(ctx)
	require.NoError(t, err)
	sizes, err := flavors.ExtractFlavors(pages)
	require.NoError(t, err)
	pages, err = images.List(image, images.ListOpts{Name: "debian-12"}).AllPages(ctx)
	require.NoError(t, err)
	systems, err := images.ExtractImages(pages)
	require.NoError(t, err)
	require.NotEmpty(t, systems)

	h.ids, h.compute = []string{""}, compute
	for n := 1; n <= count; n++ {
		port, err := ports.Create(ctx, network, ports.CreateOpts{NetworkID: lan.ID, Name: hostName(n), FixedIPs: []ports.IP{{SubnetID: subnet.ID, IPAddress: hostAddress(n)}}}).Extract()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, ports.Delete(context.Background(), network, port.ID).ExtractErr()) })
		server, err := servers.Create(ctx, compute, servers.CreateOpts{Name: hostName(n), FlavorRef: sizes[0].ID, ImageRef: systems[0].ID, Networks: []servers.Network{{Port: port.ID}}}, nil).Extract()
		require.NoError(t, err)
		t.Cleanup(func() {
			require.NoError(t, servers.Delete(context.Background(), compute, server.ID).ExtractErr())
			_ = servers.WaitForStatus(context.Background(), compute, server.ID, "DELETED") // it ends with "not found"
		})
		h.ids = append(h.ids, server.ID)
		shell(t, "../acceptance/hosts/server-id.sh", fmt.Sprint(n), server.ID)
	}
	for _, n := range h.numbers() {
		require.NoError(t, servers.WaitForStatus(ctx, compute, h.ids[n], "ACTIVE"))
	}
}

// command makes a token and returns what the manager says to paste.
func (h *hostSet) command(t *testing.T, body map[string]any) string {
	t.Helper()
	var out struct{ Command string }
	answer, raw := h.do(t, http.MethodPost, "/enrollment-tokens", body, nil)
	require.Equal(t, http.StatusCreated, answer.StatusCode, string(raw))
	require.NoError(t, json.Unmarshal(raw, &out))
	return out.Command
}

func (h *hostSet) show(t *testing.T, n int) instance {
	t.Helper()
	var i instance
	h.get(t, "/instances/"+h.ids[n], &i)
	return i
}

// properties are the server's metadata in Nova.
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
	require.True(t, i.Enrolled, hostName(n))
	require.Equal(t, distribution(n), i.Distribution)
	require.Equal(t, hostAddress(n), i.Address)
	kept := h.properties(t, n)
	for _, key := range []string{"mcm:enrolled_at", "mcm:host_key", "mcm:machine_id"} {
		require.NotEmpty(t, kept[key], "%s of %v", key, kept)
	}
	require.Equal(t, hostAddress(n), kept["mcm:address"])
	mustOnHost(t, n, "id mcm && test -e /etc/sudoers.d/mcm")
}

// requireStrange is the opposite: nothing of the manager is on the host, nothing of the host in the cloud.
func (h *hostSet) requireStrange(t *testing.T, n int) {
	t.Helper()
	require.False(t, h.show(t, n).Enrolled)
	for key := range h.properties(t, n) {
		require.False(t, strings.HasPrefix(key, "mcm:"), key)
	}
	mustOnHost(t, n, "! id mcm 2>/dev/null && ! test -e /etc/sudoers.d/mcm && ! test -e /home/mcm")
	// Packages that enrollment had brought go last, when the manager is out already.
	require.Eventually(t, func() bool { _, err := onHost(n, "! test -e /var/lib/mcm-enroll"); return err == nil }, time.Minute, 100*time.Millisecond, hostName(n))
}

// enrollHosts pastes one command on all hosts at once.
func enrollHosts(t *testing.T, h *hostSet) {
	command := h.command(t, map[string]any{"label": "all", "max_uses": len(h.numbers())})
	var together sync.WaitGroup
	said, failed := make([]string, len(h.ids)), make([]error, len(h.ids))
	took := make([]time.Duration, len(h.ids))
	for _, n := range h.numbers() {
		together.Go(func() {
			began := time.Now()
			said[n], failed[n] = onHost(n, command)
			took[n] = time.Since(began)
		})
	}
	together.Wait()
	for _, n := range h.numbers() {
		require.NoError(t, failed[n], "%s: %s", hostName(n), said[n])
		require.Contains(t, said[n], "mcm: enrolled")
		t.Logf("%s, %s: %.1f s", hostName(n), distribution(n), took[n].Seconds())
		h.requireEnrolled(t, n)
	}
	require.Contains(t, mustOnHost(t, 1, command), "mcm: enrolled", "once more on the same host is no fault")
	var shown struct{ Properties map[string]string }
	openstack(t, &shown, "server", "show", h.ids[1], "-c", "properties")
	require.Equal(t, h.properties(t, 1), shown.Properties)
	require.Equal(t, distribution(1), shown.Properties["mcm:distribution"])
	var list []map[string]any
	openstack(t, &list, "port", "list", "--name", "mcm-instances")
	require.Len(t, list, 1, "the hosts' subnet is attached once, whoever came first")
}

// tokensOnHosts pastes commands that are no good on a host, each time with an end that is not 0, and words.
func tokensOnHosts(t *testing.T, h *hostSet) {
	refused := func(n int, command, words string) {
		t.Helper()
		out, err := onHost(n, command)
		require.Error(t, err, out)
		require.Contains(t, out, "mcm: the manager refuses: "+words)
	}
	began := time.Now()
	short := h.command(t, map[string]any{"ttl_seconds": 60})
	for _, n := range h.numbers() {
		h.unenroll(t, n)
	}
	refused(1, regexp.MustCompile(`mcm_enr_\w+`).ReplaceAllString(short, "mcm_enr_aaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbb"), "the token is not valid")
	bound := h.command(t, map[string]any{"instance_id": h.ids[1]})
	refused(2, bound, "the token is for another instance")
	h.requireStrange(t, 2)
	require.Contains(t, mustOnHost(t, 1, bound), "mcm: enrolled")
	once := h.command(t, map[string]any{})
	require.Contains(t, mustOnHost(t, 2, once), "mcm: enrolled")
	for _, n := range h.numbers()[2:] {
		require.Contains(t, mustOnHost(t, n, h.command(t, map[string]any{})), "mcm: enrolled")
	}
	h.unenroll(t, 1)
	refused(1, once, "the token was used already: make a new one")
	time.Sleep(time.Until(began.Add(61 * time.Second)))
	refused(1, short, "the token has expired: make a new one")
	h.requireStrange(t, 1)
	require.Contains(t, mustOnHost(t, 1, h.command(t, map[string]any{})), "mcm: enrolled")
}

func (h *hostSet) unenroll(t *testing.T, n int) {
	t.Helper()
	h.endWithin(t, h.begin(t, http.MethodDelete, "/instances/"+h.ids[n], nil, nil).ID, "succeeded", 3*time.Minute)
	h.requireStrange(t, n)
}

func (h *hostSet) batch(action string) map[string]any {
	return map[string]any{"instances": h.ids[1:], "apps": []string{"ntp"}, "action": action}
}

// play works on all hosts at once and returns the box score's line of each.
func (h *hostSet) play(t *testing.T, action, status string) []string {
	t.Helper()
	began := time.Now()
	done := h.endWithin(t, h.begin(t, http.MethodPost, "/agents:batch", h.batch(action), nil).ID, status, 10*time.Minute)
	t.Logf("%s on %d hosts: %s", action, len(h.numbers()), time.Since(began).Round(100*time.Millisecond))
	return h.lines(t, done)
}

func (h *hostSet) lines(t *testing.T, done task) []string {
	t.Helper()
	out := []string{""}
	hosts, _ := done.Result["hosts"].(map[string]any)
	for _, n := range h.numbers() {
		of, _ := hosts[h.ids[n]].(map[string]any)
		line, _ := of["ntp"].(string)
		require.NotEmpty(t, line, "%s in %+v", hostName(n), done)
		out = append(out, line)
	}
	return out
}

// agentsOnHosts installs one agent alone and on all, sees that a second time changes nothing, that a change by hand is told, and
// that what is removed is gone.
func agentsOnHosts(t *testing.T, h *hostSet) {
	began := time.Now()
	done := h.endWithin(t, h.begin(t, http.MethodPut, "/instances/"+h.ids[1]+"/agents/ntp", nil, nil).ID, "succeeded", 10*time.Minute)
	t.Logf("install on one host: %s %v", time.Since(began).Round(100*time.Millisecond), done.Result)
	require.Equal(t, "installed", h.show(t, 1).agent("ntp"))

	for _, line := range h.play(t, "install", "succeeded")[2:] {
		require.Regexp(t, `^installed: ok=\d+ changed=[1-9]\d* .*failed=0 unreachable=0`, line)
	}
	for _, line := range h.play(t, "install", "succeeded")[1:] {
		require.Regexp(t, `^installed: ok=\d+ changed=0 `, line)
	}
	for _, line := range h.play(t, "check", "succeeded")[1:] {
		require.Regexp(t, `^installed: ok=\d+ changed=0 `, line)
	}
	for _, n := range h.numbers() {
		require.Contains(t, h.properties(t, n)["mcm:agent:ntp"], "installed")
	}
	mustOnHost(t, 2, "echo 'pool elsewhere.example iburst' >>/etc/chrony/chrony.conf")
	for n, line := range h.play(t, "check", "succeeded") {
		if n == 2 {
			require.Regexp(t, `^drifted: ok=\d+ changed=[1-9]`, line)
		} else if n > 0 {
			require.Contains(t, line, "installed: ")
		}
	}
	require.Equal(t, "drifted", h.show(t, 2).agent("ntp"))
	for n, line := range h.play(t, "install", "succeeded")[1:] {
		require.Regexp(t, map[bool]string{true: "changed=[1-9]", false: "changed=0 "}[n == 1], line)
	}
	for _, line := range h.play(t, "remove", "succeeded")[1:] {
		require.Contains(t, line, "absent: ")
	}
	for _, n := range h.numbers() {
		require.Equal(t, "absent", h.show(t, n).agent("ntp"))
		mustOnHost(t, n, "! command -v chronyd")
	}
}

// anotherHostKey is a host that was rebuilt, or somebody in its place: nothing is played on it.
func anotherHostKey(t *testing.T, h *hostSet) {
	mustOnHost(t, 1, "mkdir /root/keys && mv /etc/ssh/ssh_host_* /root/keys && ssh-keygen -A && systemctl restart ssh")
	for _, step := range []struct{ method, path string }{{http.MethodPut, "/instances/" + h.ids[1] + "/agents/ntp"}} {
		failed := h.endWithin(t, h.begin(t, step.method, step.path, nil, nil).ID, "failed", 2*time.Minute)
		require.Contains(t, failed.Error.Detail, "host key is not the pinned one")
	}
	require.Equal(t, "failed", h.show(t, 1).agent("ntp"))
	mustOnHost(t, 1, "! command -v chronyd && rm /etc/ssh/ssh_host_* && mv /root/keys/* /etc/ssh && rmdir /root/keys && systemctl restart ssh")
}

// hostStops cuts a host's power and cable in a playbook: it failed with the reason, the others are done.
func hostStops(t *testing.T, h *hostSet) {
	id := h.begin(t, http.MethodPost, "/agents:batch", h.batch("install"), nil).ID
	require.Eventually(t, func() bool { return len(playsOn(t)[hostName(2)]) > 0 }, time.Minute, 50*time.Millisecond)
	shell(t, "ip", "-n", hostName(2), "link", "set", "eth0", "down")
	_, _ = onHost(2, "systemctl poweroff --force --force")
	began := time.Now()
	done := h.endWithin(t, id, "partly_failed", 10*time.Minute)
	t.Logf("ended %s after the host had stopped: %s", time.Since(began).Round(100*time.Millisecond), h.lines(t, done)[2])
	for n, line := range h.lines(t, done)[1:] {
		require.Regexp(t, map[bool]string{true: "^failed: .+unreachable=[01]", false: "^installed: .*failed=0"}[n == 1], line)
	}
	require.Equal(t, "failed", h.show(t, 2).agent("ntp"))
	require.Eventually(t, func() bool { _, err := onHost(2, "true"); return err != nil }, 20*time.Second, 100*time.Millisecond, "it is off")
	shell(t, "../acceptance/hosts/host-up.sh", "2")
	shell(t, "../acceptance/kubernetes/nodeports.sh")
	for _, line := range h.play(t, "install", "succeeded")[1:] {
		require.Contains(t, line, "installed: ")
	}
}

// killsOnHosts kills the manager with -9 in enrollments and in playbooks, MCM_HOST_KILLS times.
func killsOnHosts(t *testing.T, h *hostSet) {
	action := "remove"
	for k := range hostCount(t, "MCM_HOST_KILLS", 6) {
		wait := time.Duration(rand.Int64N(int64(8 * time.Second)))
		began := time.Now()
		if k%2 == 1 {
			id := h.begin(t, http.MethodPost, "/agents:batch", h.batch(action), nil).ID
			h.killAfter(t, wait)
			for _, line := range h.lines(t, h.endWithin(t, id, "succeeded", 5*time.Minute))[1:] {
				require.NotContains(t, line, "failed: ")
			}
			t.Logf("%s on all, killed after %.1f s: ended after %.1f s", action, wait.Seconds(), time.Since(began).Seconds())
			action = map[string]string{"remove": "install", "install": "remove"}[action]
			continue
		}
		n := 1 + k/2%len(h.numbers())
		h.unenroll(t, n)
		command := h.command(t, map[string]any{})
		began = time.Now()
		ended := make(chan error)
		go func() {
			_, err := onHost(n, command)
			ended <- err
		}()
		wait /= 2 // an enrollment is short
		h.killAfter(t, wait)
		again := 0
		for err := <-ended; err != nil; again++ { // whom the script could not reach is asked again by the same command
			require.Less(t, again, 3)
			var said string
			said, err = onHost(n, command)
			t.Log(said)
		}
		h.requireEnrolled(t, n)
		t.Logf("enrollment of %s, killed after %.1f s: ended after %.1f s, pasted again %d times", hostName(n), wait.Seconds(), time.Since(began).Seconds(), again)
	}
	require.Eventually(t, func() bool {
		_, raw := h.do(t, http.MethodGet, "/tasks?page_size=100", nil, nil)
		return !bytes.Contains(raw, []byte(`"status":"running"`))
	}, 2*time.Minute, time.Second, "all tasks end")
	if action == "install" {
		h.play(t, "install", "succeeded")
	}
}

func (h *hostSet) killAfter(t *testing.T, wait time.Duration) {
	t.Helper()
	time.Sleep(wait)
	h.kill()
	h.up(t)
}

func unenrollHosts(t *testing.T, h *hostSet) {
	h.play(t, "remove", "succeeded")
	for _, n := range h.numbers() {
		h.unenroll(t, n)
	}
	var left []map[string]any
	openstack(t, &left, "port", "list", "--name", "mcm-instances")
	require.Empty(t, left, "the last of them takes the subnet off the router")
}

var become = regexp.MustCompile(`BECOME-SUCCESS-[a-z]+`)

// playsOn are the tasks of playbooks that run on each host now: their processes are seen from here. Each task has a word of its
// own, and a playbook has one task a host at a time.
func playsOn(t *testing.T) map[string][]string {
	names := map[string]string{}
	for n := 1; n <= 6; n++ {
		if info, err := os.Stat("/run/netns/" + hostName(n)); err == nil {
			names[fmt.Sprintf("net:[%d]", info.Sys().(*syscall.Stat_t).Ino)] = hostName(n)
		}
	}
	found := map[string]map[string]bool{}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		word := become.Find(raw)
		if word == nil {
			continue
		}
		space, _ := os.Readlink(filepath.Join(filepath.Dir(file), "ns/net"))
		if name := names[space]; name != "" {
			if found[name] == nil {
				found[name] = map[string]bool{}
			}
			found[name][string(word)] = true
		}
	}
	out := map[string][]string{}
	for name, words := range found {
		out[name] = slices.Sorted(maps.Keys(words))
	}
	return out
}

// watchPlays looks until it is asked for what it saw: hosts with two tasks at once.
func watchPlays(t *testing.T) func() []string {
	stop, done := make(chan struct{}), make(chan struct{})
	var seen []string
	go func() {
		defer close(done)
		last := map[string][]string{}
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
			}
			now := playsOn(t)
			for name, words := range now {
				// Twice the same two: a task that ends while the next begins is seen once.
				if len(words) > 1 && slices.Equal(words, last[name]) {
					seen = append(seen, fmt.Sprintf("%s %s: %v", time.Now().Format(time.TimeOnly), name, words))
				}
			}
			last = now
		}
	}()
	return func() []string {
		close(stop)
		<-done
		return seen
	}
}
