//go:build acceptance

package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/test/acceptance/hosts/hostlab"
)

func (h *hostSet) batch(action string) map[string]any {
	return map[string]any{"instances": h.ids[1:], "apps": []string{"ntp"}, "action": action}
}

// play runs an agent task on all hosts and returns each host's recap line.
func (h *hostSet) play(t *testing.T, action, status string) []string {
	t.Helper()
	began := time.Now()
	done := h.endWithin(t, h.begin(t, http.MethodPost, "/agents:batch", h.batch(action), nil).ID, status, 10*time.Minute)
	t.Logf("%s on %d hosts: %s", action, len(h.numbers()), time.Since(began).Round(100*time.Millisecond))
	return h.lines(t, done, "ntp")
}

// lines returns the recap lines of an app, by host number.
func (h *hostSet) lines(t *testing.T, done task, app string) []string {
	t.Helper()
	out := []string{""}
	hosts, _ := done.Result["hosts"].(map[string]any)
	for _, n := range h.numbers() {
		of, _ := hosts[h.ids[n]].(map[string]any)
		outcome, _ := of[app].(map[string]any)
		require.NotEmpty(t, outcome, "%s in %+v", hostlab.Name(n), done)
		text, ok := outcome["detail"]
		if !ok {
			text = outcome["reason"]
		}
		out = append(out, fmt.Sprintf("%v: %v", outcome["status"], text))
	}
	return out
}

// agentsOnHosts installs an agent on one host and then on all. It requires that a second run changes nothing,
// that a manual change is reported as drift, and that removal leaves nothing behind.
func agentsOnHosts(t *testing.T, h *hostSet) {
	began := time.Now()
	done := h.endWithin(t, h.begin(t, http.MethodPut, "/instances/"+h.ids[1]+"/agents/ntp", nil, nil).ID, "succeeded", 10*time.Minute)
	t.Logf("install on one host: %s %v", time.Since(began).Round(100*time.Millisecond), done.Result)
	require.Equal(t, "installed", h.show(t, 1).agent("ntp"))

	for _, line := range h.play(t, "install", "succeeded")[2:] {
		require.Regexp(t, `^installed: ok=\d+ changed=[1-9]\d* .*failed=0 unreachable=0`, line)
	}
	for _, n := range h.numbers() {
		require.Contains(t, h.properties(t, n)["mcm:agent:ntp"], "installed")
	}
	hostlab.MustOn(t, 2, "echo 'pool elsewhere.example iburst' >>/etc/chrony/chrony.conf")
	for n, line := range h.play(t, "check", "succeeded") {
		if n == 2 {
			require.Regexp(t, `^drifted: ok=\d+ changed=[1-9]`, line)
		} else if n > 0 {
			require.Regexp(t, `^installed: ok=\d+ changed=0 `, line)
		}
	}
	require.Equal(t, "drifted", h.show(t, 2).agent("ntp"))
	for n, line := range h.play(t, "install", "succeeded")[1:] {
		require.Regexp(t, map[bool]string{true: "changed=[1-9]", false: "changed=0 "}[n == 1], line)
	}
	for _, line := range h.play(t, "install", "succeeded")[1:] {
		require.Regexp(t, `^installed: ok=\d+ changed=0 `, line)
	}
	for _, line := range h.play(t, "remove", "succeeded")[1:] {
		require.Contains(t, line, "absent: ")
	}
	for _, n := range h.numbers() {
		require.Equal(t, "absent", h.show(t, n).agent("ntp"))
		hostlab.MustOn(t, n, "! command -v chronyd")
	}
}

// somethingIsMissing removes a prerequisite of the playbook from host 2. The task must fail with the reason and
// succeed once it is restored.
func somethingIsMissing(t *testing.T, h *hostSet) {
	withoutSudo(t, h)
	const full = "install -d -o %[3]s %[1]s && mount -t tmpfs -o size=%[2]s tmpfs %[1]s && { cat /dev/zero >%[1]s/zeros 2>/dev/null || :; } && chown -R %[3]s %[1]s"
	var id string
	for _, c := range []struct{ what, away, back, says string }{
		{"python", "mv /usr/bin/python3 /usr/bin/python3.away", "mv /usr/bin/python3.away /usr/bin/python3", "python3"},
		{"sudo", "mv /usr/bin/sudo /usr/bin/sudo.away", "mv /usr/bin/sudo.away /usr/bin/sudo", "sudo"},
		{"room at home", fmt.Sprintf(full, "/home/mcm/.ansible", "64k", "mcm"), "umount /home/mcm/.ansible", "(?i)no space left|temporary directory"},
		{"room for packages", fmt.Sprintf(full, "/var/cache/apt/archives", "64k", "root"), "umount /var/cache/apt/archives", "(?i)free space|no space left"},
	} {
		began := time.Now()
		hostlab.MustOn(t, 2, c.away)
		id = h.begin(t, http.MethodPut, "/instances/"+h.ids[2]+"/agents/ntp", nil, nil).ID
		failed := h.endWithin(t, id, "failed", 3*time.Minute)
		hostlab.MustOn(t, 2, c.back)
		require.Regexp(t, c.says, failed.Error.Detail)
		require.Equal(t, "failed", h.show(t, 2).agent("ntp"))
		t.Logf("without %s, after %s: %s", c.what, time.Since(began).Round(100*time.Millisecond), failed.Error.Detail)
	}
	h.endWithin(t, h.begin(t, http.MethodPost, "/tasks/"+id+"/retry", nil, nil).ID, "succeeded", 3*time.Minute)
	require.Equal(t, "installed", h.show(t, 2).agent("ntp"))
}

// anotherHostKey requires that nothing runs on a host whose host key has changed.
func anotherHostKey(t *testing.T, h *hostSet) {
	hostlab.MustOn(t, 1, "mkdir /root/keys && mv /etc/ssh/ssh_host_* /root/keys && ssh-keygen -A && systemctl restart ssh")
	for _, step := range []struct{ method, path string }{{http.MethodPut, "/instances/" + h.ids[1] + "/agents/ntp"}} {
		failed := h.endWithin(t, h.begin(t, step.method, step.path, nil, nil).ID, "failed", 2*time.Minute)
		require.Contains(t, failed.Error.Detail, "host key is not the pinned one")
	}
	require.Equal(t, "failed", h.show(t, 1).agent("ntp"))
	hostlab.MustOn(t, 1, "! command -v chronyd && rm /etc/ssh/ssh_host_* && mv /root/keys/* /etc/ssh && rmdir /root/keys && systemctl restart ssh")
}

// hostStops cuts a host's power and network during a playbook. That host must fail with the reason while the
// others succeed.
func hostStops(t *testing.T, h *hostSet) {
	id := h.begin(t, http.MethodPost, "/agents:batch", h.batch("install"), nil).ID
	require.Eventually(t, func() bool { return len(playsOn(t)[hostlab.Name(2)]) > 0 }, time.Minute, 50*time.Millisecond)
	shell(t, "ip", "-n", hostlab.Name(2), "link", "set", "eth0", "down")
	_, _ = hostlab.On(t, 2, "systemctl poweroff --force --force")
	began := time.Now()
	done := h.endWithin(t, id, "partially_failed", 10*time.Minute)
	t.Logf("ended %s after the host had stopped: %s", time.Since(began).Round(100*time.Millisecond), h.lines(t, done, "ntp")[2])
	for n, line := range h.lines(t, done, "ntp")[1:] {
		require.Regexp(t, map[bool]string{true: "^failed: .+unreachable=[01]", false: "^installed: .*failed=0"}[n == 1], line)
	}
	require.Equal(t, "failed", h.show(t, 2).agent("ntp"))
	require.Eventually(t, func() bool { _, err := hostlab.On(t, 2, "true"); return err != nil }, 20*time.Second, 100*time.Millisecond, "it is off")
	shell(t, hostlab.Script(t, "host-up.sh"), "2")
	shell(t, "../acceptance/kubernetes/nodeports.sh")
	again := h.endWithin(t, h.begin(t, http.MethodPost, "/tasks/"+id+"/retry", nil, nil).ID, "succeeded", 5*time.Minute)
	hosts, _ := again.Result["hosts"].(map[string]any)
	require.Equal(t, []string{h.ids[2]}, slices.Collect(maps.Keys(hosts)), "the retry works on what failed alone")
	for _, n := range h.numbers() {
		require.Equal(t, "installed", h.show(t, n).agent("ntp"))
	}
}
