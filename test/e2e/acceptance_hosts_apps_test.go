//go:build acceptance

package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// everyAgent installs the agents of all apps on all hosts in one task and checks each with the app's own
// client. The apps run on simulated nodes, because their images are not available here. The agents connect to
// servers of the same protocol instead, among them a complete Zabbix and a chrony from Debian.
func everyAgent(t *testing.T, h *hostSet) {
	h.play(t, "remove", "succeeded") // an earlier part may have left it
	nodes, err := exec.Command("kubectl", "get", "nodes", "-o", `jsonpath={range .items[*]}Acquire::http::Proxy::{.status.addresses[?(@.type=="InternalIP")].address} "DIRECT";{"\n"}{end}`).Output()
	require.NoError(t, err)
	before := map[int]string{}
	for _, n := range h.numbers() {
		hostlab.MustOn(t, n, fmt.Sprintf("echo '%s' >/etc/apt/apt.conf.d/02nodes", nodes)) // the hosts reach packages through a proxy
		before[n] = hostlab.MustOn(t, n, hostlab.Left)
	}
	apps := map[string]hostlab.App{}
	defer h.uninstallHalves(t, apps)
	h.launchHalves(t, apps)
	names := slices.Sorted(maps.Keys(apps))

	for _, line := range h.playAll(t, "install", names) {
		require.Regexp(t, `^installed: ok=\d+ changed=[1-9]\d* .*failed=0 unreachable=0`, line)
	}
	for _, name := range names {
		began := time.Now()
		for _, n := range h.numbers() {
			apps[name].Outside(t, n, h.ids[n])
		}
		t.Logf("%s: seen by its own client on %d hosts, %s", name, len(h.numbers()), time.Since(began).Round(100*time.Millisecond))
	}
	for _, action := range []string{"check", "install"} {
		for which, line := range h.playAll(t, action, names) {
			require.Regexp(t, `^installed: ok=\d+ changed=0 `, line, "%s: %s", action, which)
		}
	}
	for which, line := range h.playAll(t, "remove", names) {
		require.Contains(t, line, "absent: ", which)
	}
	for _, n := range h.numbers() {
		require.Equal(t, strings.Split(before[n], "\n"), strings.Split(hostlab.MustOn(t, n, hostlab.Left), "\n"), "%s: not all is gone", hostlab.Name(n))
	}
}

// playAll runs an agent task for all apps on all hosts and returns the recap by host and app.
func (h *hostSet) playAll(t *testing.T, action string, apps []string) map[string]string {
	t.Helper()
	began := time.Now()
	body := map[string]any{"instances": h.ids[1:], "apps": apps, "action": action}
	done := h.endWithin(t, h.begin(t, http.MethodPost, "/agents:batch", body, nil).ID, "succeeded", 20*time.Minute)
	t.Logf("%s %d agents on %d hosts: %s", action, len(apps), len(h.numbers()), time.Since(began).Round(100*time.Millisecond))
	out := map[string]string{}
	for _, app := range apps {
		for n, line := range h.lines(t, done, app) {
			if n > 0 {
				out[hostlab.Name(n)+" "+app] = line
			}
		}
	}
	return out
}

// launchHalves launches every app that has an agent, except ntp, which is running, with the settings of its
// test server.
func (h *hostSet) launchHalves(t *testing.T, out map[string]hostlab.App) {
	t.Helper()
	c, err := catalog.Load(deploy.Files)
	require.NoError(t, err)
	prefer(t, "fake")
	for _, app := range c.Apps() {
		if !app.Agent.Supported {
			continue
		}
		if app.Name == "ntp" { // its pod is running
			out[app.Name] = hostlab.App{Outside: func(t *testing.T, n int, _ string) {
				require.Contains(t, hostlab.MustOn(t, n, "chronyc -n -c sources"), "^,*,")
			}}
			continue
		}
		half := hostlab.Apps[app.Name](t)
		out[app.Name] = half
		h.launchWith(t, app.Name, half.Settings)
		for name, port := range nodePorts(t, app) {
			host := half.Host
			if host == "" {
				host = hostlab.Gateway
			}
			shell(t, hostlab.Script(t, "nodeport.sh"), port.protocol, fmt.Sprint(port.number), fmt.Sprintf("%s:%d", host, half.Ports[name]))
		}
	}
}

// uninstallHalves uninstalls them again, except ntp.
func (h *hostSet) uninstallHalves(t *testing.T, apps map[string]hostlab.App) {
	t.Helper()
	shell(t, hostlab.Script(t, "nodeport.sh"), "none")
	for app := range apps {
		if app != "ntp" {
			h.endWithin(t, h.begin(t, http.MethodPost, "/apps/"+app+"/uninstall", map[string]any{"delete_volume": true, "confirm": app}, nil).ID, "succeeded", 5*time.Minute)
		}
	}
}

func (h *hostSet) launchWith(t *testing.T, app string, settings map[string]any) {
	t.Helper()
	began := time.Now()
	h.endWithin(t, h.begin(t, http.MethodPost, "/apps/"+app+"/launch", map[string]any{"volume_size_gb": 2}, nil).ID, "succeeded", 5*time.Minute)
	if len(settings) > 0 {
		var now struct {
			Settings struct {
				Environment map[string]any `json:"environment"`
				Parameters  map[string]any `json:"parameters"`
			} `json:"settings"`
		}
		h.get(t, "/apps/"+app, &now)
		maps.Copy(now.Settings.Parameters, settings)
		h.endWithin(t, h.begin(t, http.MethodPut, "/apps/"+app+"/settings", now.Settings, nil).ID, "succeeded", 5*time.Minute)
	}
	t.Logf("launch %s: %s", app, time.Since(began).Round(100*time.Millisecond))
}

type nodePort struct {
	protocol string
	number   int
}

// nodePorts returns the node ports of an app by the names that its agent uses.
func nodePorts(t *testing.T, app catalog.App) map[string]nodePort {
	t.Helper()
	var service struct {
		Spec struct {
			Ports []struct {
				Port, NodePort int
				Protocol       string
			}
		}
	}
	out, err := exec.Command("kubectl", "get", "service", app.Name, "-o", "json").Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &service))
	found := map[string]nodePort{}
	for _, p := range service.Spec.Ports {
		for name, port := range app.Agent.Ports {
			if p.NodePort > 0 && p.Port == port {
				found[name] = nodePort{strings.ToLower(p.Protocol), p.NodePort}
			}
		}
	}
	require.Len(t, found, len(app.Agent.Ports), app.Name)
	return found
}
