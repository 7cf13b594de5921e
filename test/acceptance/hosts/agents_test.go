//go:build acceptance

package hosts_test

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/test/acceptance/hosts/hostlab"
)

// play runs one of the agent's playbooks on the hosts.
func (m *manager) play(t *testing.T, app catalog.App, a hostlab.App, playbook string, check bool) ([]ansible.Event, ansible.Recap) {
	t.Helper()
	p := ansible.Play{
		Files: app.AgentFiles, Playbook: playbook, PrivateKey: m.key, Check: check, Forks: count, Timeout: 10 * time.Minute,
		Variables: map[string]any{"mcm_app_host": cmp.Or(a.Host, hostlab.Gateway), "mcm_app_ports": a.Ports, "mcm_settings": map[string]any{"environment": map[string]any{}, "parameters": a.Settings}},
	}
	for _, n := range hostsUnderTest() {
		h := m.hosts[serverID(n)]
		h.Variables = map[string]any{"mcm_instance_id": serverID(n), "mcm_instance_name": hostlab.Name(n) + ` "of a test" {{ x }}`}
		p.Hosts = append(p.Hosts, h)
	}
	var events []ansible.Event
	begin := time.Now()
	recap, err := (&ansible.Runner{}).Run(t.Context(), p, func(e ansible.Event) { events = append(events, e) })
	require.NoError(t, err)
	t.Logf("%s %s check=%v: %.1f s", app.Name, playbook, check, time.Since(begin).Seconds())
	return events, recap
}

// hostsUnderTest are all hosts, or those that MCM_HOSTS names: "1 3".
func hostsUnderTest() (out []int) {
	for f := range strings.FieldsSeq(os.Getenv("MCM_HOSTS")) {
		var n int
		if _, err := fmt.Sscan(f, &n); err == nil {
			out = append(out, n)
		}
	}
	for n := 1; n <= count && os.Getenv("MCM_HOSTS") == ""; n++ {
		out = append(out, n)
	}
	return out
}

func requireAll(t *testing.T, events []ansible.Event, recap ansible.Recap, changes string) {
	t.Helper()
	for host, h := range recap {
		require.True(t, h.Succeeded(), "%s: %s\n%s", host, h.Reason, failures(events))
		switch changes {
		case "some":
			require.Positive(t, h.Changed, host)
		case "none":
			require.Zero(t, h.Changed, "%s: %v", host, changed(events))
		}
	}
}

func failures(events []ansible.Event) (out []string) {
	for _, e := range events {
		if e.Kind == ansible.KindFailed || e.Kind == ansible.KindUnreachable {
			out = append(out, fmt.Sprintf("%+v\n", e))
		}
	}
	return out
}

func changed(events []ansible.Event) (out []string) {
	for _, e := range events {
		if e.Kind == ansible.KindOK && e.Changed {
			out = append(out, e.Task)
		}
	}
	return out
}

// TestAgents covers every agent of the catalog: a dry run changes nothing, the first run installs, the second
// changes nothing, the agent works when checked from outside, and removal leaves nothing behind.
func TestAgents(t *testing.T) {
	m := newManager(t)
	for _, n := range hostsUnderTest() {
		enrollHost(t, m, n)
	}
	c, err := catalog.Load(deploy.Files)
	require.NoError(t, err)
	tested := 0
	for _, app := range c.Apps() {
		if !app.Agent.Supported {
			continue
		}
		require.Contains(t, hostlab.Apps, app.Name, "an agent without a test")
		tested++
		t.Run(app.Name, func(t *testing.T) {
			a := hostlab.Apps[app.Name](t)
			for port := range app.Agent.Ports {
				require.Contains(t, a.Ports, port)
			}
			before := map[int]string{}
			for _, n := range hostsUnderTest() {
				before[n] = hostlab.MustOn(t, n, hostlab.Left)
			}
			events, recap := m.play(t, app, a, catalog.AgentInstall, true)
			requireAll(t, events, recap, "some")
			for _, n := range hostsUnderTest() {
				require.Equal(t, before[n], hostlab.MustOn(t, n, hostlab.Left), "%s: the dry run changed it", hostlab.Name(n))
			}
			events, recap = m.play(t, app, a, catalog.AgentInstall, false)
			requireAll(t, events, recap, "some")
			events, recap = m.play(t, app, a, catalog.AgentVerify, false)
			requireAll(t, events, recap, "none")
			for _, n := range hostsUnderTest() {
				a.Outside(t, n, serverID(n))
			}
			events, recap = m.play(t, app, a, catalog.AgentInstall, true)
			requireAll(t, events, recap, "none")
			events, recap = m.play(t, app, a, catalog.AgentInstall, false)
			requireAll(t, events, recap, "none")
			events, recap = m.play(t, app, a, catalog.AgentRemove, false)
			requireAll(t, events, recap, "some")
			for _, n := range hostsUnderTest() {
				require.Equal(t, strings.Split(before[n], "\n"), strings.Split(hostlab.MustOn(t, n, hostlab.Left), "\n"), "%s: not all is gone", hostlab.Name(n))
			}
			_, recap = m.play(t, app, a, catalog.AgentVerify, false)
			for host, h := range recap {
				require.False(t, h.Succeeded(), "%s: verify does not see that the agent is gone", host)
			}
			events, recap = m.play(t, app, a, catalog.AgentRemove, false)
			requireAll(t, events, recap, "none")
		})
	}
	require.Equal(t, len(hostlab.Apps), tested)
}
