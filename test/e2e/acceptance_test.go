//go:build acceptance

package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startReal starts `mcm serve` on the cloud and the cluster that acceptance/run.sh has started.
func startReal(t *testing.T) *product {
	t.Helper()
	p := newProduct(t)
	p.arguments = []string{"serve"}
	p.environment = []string{"MCM_KUBECONFIG=" + os.Getenv("KUBECONFIG")}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	return p
}

// openstack runs the openstack command line and decodes its output.
func openstack(t *testing.T, into any, arguments ...string) {
	t.Helper()
	out, err := exec.Command("/usr/bin/openstack", append(arguments, "-f", "json")...).Output()
	require.NoError(t, err, "openstack %v", arguments)
	require.NoError(t, json.Unmarshal(out, into))
}

// TestAcceptance runs the main journey on real OpenStack services and a real Kubernetes control plane, and
// kills the manager and Temporal during the deployment and a launch.
func TestAcceptance(t *testing.T) {
	p := startReal(t)
	demo := p.signInAs(t, os.Getenv("OS_USERNAME"), os.Getenv("OS_PASSWORD"), os.Getenv("OS_PROJECT_NAME"))
	deploy := map[string]any{"name": "toolbox", "preset": "ha"}

	began := time.Now()
	var report struct {
		OK     bool             `json:"ok"`
		Checks []map[string]any `json:"checks"`
	}
	response, raw := demo.do(t, http.MethodPost, "/stack/preflight", deploy, nil)
	require.Equal(t, http.StatusOK, response.StatusCode, string(raw))
	require.NoError(t, json.Unmarshal(raw, &report))
	require.True(t, report.OK, string(raw))
	t.Logf("preflight: %s", time.Since(began))

	began = time.Now()
	id := demo.begin(t, http.MethodPost, "/stack", deploy, nil).ID
	time.Sleep(5 * time.Second)
	p.kill()
	p.up(t)
	require.NoError(t, syscall.Kill(p.child(t, "mcm-temporal"), syscall.SIGKILL))
	demo.endWithin(t, id, "succeeded", 10*time.Minute)
	t.Logf("deploy ha, with two kills: %s", time.Since(began))

	var stacks []map[string]any
	openstack(t, &stacks, "stack", "list")
	require.Len(t, stacks, 1, "one stack, whatever was killed")
	require.Equal(t, "CREATE_COMPLETE", stacks[0]["Stack Status"])
	var servers []map[string]any
	openstack(t, &servers, "server", "list")
	require.Len(t, servers, 8)

	t.Run("ntp on a real kubelet", func(t *testing.T) { realPod(t, demo) })
	t.Run("zabbix, killed in its launch", func(t *testing.T) { killedLaunch(t, demo) })
	t.Run("settings, stop, uninstall, launch again", func(t *testing.T) { lifeCycle(t, demo) })
	t.Run("scale", func(t *testing.T) {
		began := time.Now()
		demo.endWithin(t, demo.begin(t, http.MethodPatch, "/stack", map[string]any{"nodes": 4}, nil).ID, "succeeded", 10*time.Minute)
		t.Logf("scale to 4 nodes: %s", time.Since(began))
		openstack(t, &servers, "server", "list")
		require.Len(t, servers, 9)
	})
	t.Run("delete leaves nothing", func(t *testing.T) {
		began := time.Now()
		demo.endWithin(t, demo.begin(t, http.MethodDelete, "/stack?confirm=toolbox", nil, nil).ID, "succeeded", 10*time.Minute)
		t.Logf("delete: %s", time.Since(began))
		for _, list := range []string{"stack", "server", "network", "router", "floating ip", "port"} {
			var left []map[string]any
			openstack(t, &left, append(strings.Fields(list), "list")...)
			for _, r := range left {
				require.NotContains(t, r["Name"], "toolbox", list)
			}
		}
	})
}

func prefer(t *testing.T, nodes string) {
	t.Helper()
	out, err := exec.Command("../acceptance/kubernetes/prefer.sh", nodes).CombinedOutput()
	require.NoError(t, err, string(out))
}

// realPod launches ntp on the node with real containers: chrony must respond, and its volume must be mounted.
func realPod(t *testing.T, demo *person) {
	prefer(t, "real")
	defer prefer(t, "all")
	began := time.Now()
	launched := demo.endWithin(t, demo.begin(t, http.MethodPost, "/apps/ntp/launch", nil, nil).ID, "succeeded", 5*time.Minute)
	t.Logf("launch ntp: %s", time.Since(began))
	requireInUse(t, launched)
	out, err := exec.Command("kubectl", "exec", "ntp-0", "--", "chronyc", "-n", "-h", "127.0.0.1", "-p", "1323", "activity").CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = exec.Command("kubectl", "exec", "ntp-0", "--", "sh", "-c", "grep mcm-ntp /proc/mounts").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "/var/lib/mcm-ntp")
}

func requireInUse(t *testing.T, launched task) {
	t.Helper()
	var volume map[string]any
	openstack(t, &volume, "volume", "show", launched.Result["volume"].(string))
	require.Equal(t, "in-use", volume["status"])
}

func killedLaunch(t *testing.T, demo *person) {
	prefer(t, "fake")
	defer prefer(t, "all")
	began := time.Now()
	id := demo.begin(t, http.MethodPost, "/apps/zabbix/launch", map[string]any{"volume_size_gb": 2}, nil).ID
	time.Sleep(1500 * time.Millisecond)
	demo.kill()
	demo.up(t)
	launched := demo.endWithin(t, id, "succeeded", 5*time.Minute)
	t.Logf("launch zabbix, with a kill: %s", time.Since(began))
	requireInUse(t, launched)
	var volumes []map[string]any
	openstack(t, &volumes, "volume", "list")
	require.Len(t, volumes, 2, "one volume an app")
	out, err := exec.Command(os.Getenv("MCM_HELM"), "list", "-o", "json").Output()
	require.NoError(t, err)
	var releases []map[string]any
	require.NoError(t, json.Unmarshal(out, &releases))
	require.Len(t, releases, 2, "one release an app")
	for _, r := range releases {
		require.Equal(t, "deployed", r["status"])
	}
}

func lifeCycle(t *testing.T, demo *person) {
	var app struct {
		Settings struct {
			Environment map[string]any `json:"environment"`
			Parameters  map[string]any `json:"parameters"`
		} `json:"settings"`
		Volume struct {
			ID string `json:"id"`
		} `json:"volume"`
	}
	demo.get(t, "/apps/zabbix", &app)
	app.Settings.Parameters["pollers"] = 7
	step := func(method, path string, body any) task {
		return demo.endWithin(t, demo.begin(t, method, path, body, nil).ID, "succeeded", 5*time.Minute)
	}
	step(http.MethodPut, "/apps/zabbix/settings", app.Settings)
	out, err := exec.Command("kubectl", "get", "statefulset", "zabbix", "-o", "jsonpath={.spec.template.spec.containers[*].env}").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), `"ZBX_STARTPOLLERS","value":"7"`)
	step(http.MethodPost, "/apps/zabbix/stop", nil)
	step(http.MethodPost, "/apps/zabbix/launch", nil)
	step(http.MethodPost, "/apps/zabbix/uninstall", nil)
	require.Equal(t, app.Volume.ID, step(http.MethodPost, "/apps/zabbix/launch", nil).Result["volume"], "the kept volume is taken again")
	step(http.MethodPost, "/apps/zabbix/uninstall", map[string]any{"delete_volume": true, "confirm": "zabbix"})
	step(http.MethodPost, "/apps/ntp/uninstall", map[string]any{"delete_volume": true, "confirm": "ntp"})
	var volumes []map[string]any
	openstack(t, &volumes, "volume", "list")
	require.Empty(t, volumes)
}
