package worker_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/sandbox/hosts"
	"mycloudmanager/workflows"
)

// script performs on a simulated server what enroll.sh does after the response of the manager.
func (h *testEnv) script(t *testing.T, server string) hosts.EnrollResult {
	t.Helper()
	var e hosts.EnrollResult
	raw := h.cloud.Control(t, http.MethodPost, "/enroll", fmt.Sprintf(`{"server":%q,"authorized_keys":[%q]}`, server, h.parts.PublicKey))
	require.NoError(t, json.Unmarshal(raw, &e))
	return e
}

// enrollment returns the input of an enrollment of the server, after the script has run.
func (h *testEnv) enrollment(t *testing.T, server string) workflows.EnrollInstanceInput {
	t.Helper()
	e := h.script(t, server)
	return workflows.EnrollInstanceInput{ID: e.ID, SourceIP: e.Address, HostKey: e.HostKey, MachineID: strings.ReplaceAll(e.ID, "-", "")}
}

// instanceOperations returns the operations on instances, keyed by workflow name.
func instanceOperations(launched func(*testing.T, *testEnv)) map[string]operationCase {
	enrolled := func(t *testing.T, h *testEnv) {
		launched(t, h)
		h.enrolled = h.enrollment(t, "web-2")
		h.run(t, workflows.EnrollInstance, h.enrolled)
	}
	return map[string]operationCase{
		"EnrollInstance": {workflow: workflows.EnrollInstance, before: func(t *testing.T, h *testEnv) {
			launched(t, h)
			h.enrolled = h.enrollment(t, "web-2")
		}, input: func(h *testEnv) any { return h.enrolled }},
		"ConnectInstance": {workflow: workflows.ConnectInstance, before: func(t *testing.T, h *testEnv) {
			launched(t, h)
			h.enrolled = h.enrollment(t, "web-2")
		}, input: func(h *testEnv) any {
			return workflows.ConnectInstanceInput{ID: h.enrolled.ID, Address: h.enrolled.SourceIP}
		}},
		"UnenrollInstance": {workflow: workflows.UnenrollInstance, before: enrolled, forward: true,
			input: func(h *testEnv) any { return workflows.UnenrollInstanceInput{ID: h.enrolled.ID} }},
		"RunAgents": {workflow: workflows.RunAgents, before: enrolled, forward: true, input: func(h *testEnv) any {
			return workflows.AgentsInput{Action: ansible.Install, Apps: []string{"ntp"}, Instances: []string{h.enrolled.ID}, Locked: true}
		}},
	}
}

// An instance with a valid token cannot enroll another server or with a false identity.
func TestEnrollInstance_errors(t *testing.T) {
	h := newTestEnv(t)
	h.run(t, workflows.DeployStack, small(h))
	good := h.enrollment(t, "web-1")
	h.run(t, workflows.EnrollInstance, good)
	other := h.script(t, "web-2")
	for name, c := range map[string]struct {
		change func(*workflows.EnrollInstanceInput)
		says   string
	}{
		"unknown server":             {func(in *workflows.EnrollInstanceInput) { in.ID = "00000000-0000-4000-8000-000000000000" }, "has no server"},
		"address of another server":  {func(in *workflows.EnrollInstanceInput) { in.SourceIP = "203.0.113.99" }, "is not an address of the server"},
		"host key of another server": {func(in *workflows.EnrollInstanceInput) { in.HostKey = good.HostKey }, "same host key or machine ID as web-1"},
		"machine ID of another":      {func(in *workflows.EnrollInstanceInput) { in.MachineID = good.MachineID }, "same host key or machine ID as web-1"},
		"wrong host key":             {func(in *workflows.EnrollInstanceInput) { in.HostKey = h.script(t, "db-1").HostKey }, "host key is not the pinned one"},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.count(t)
			in := workflows.EnrollInstanceInput{ID: other.ID, SourceIP: other.Address, HostKey: other.HostKey, MachineID: "1"}
			c.change(&in)
			env := h.environment(&faultInjector{})
			env.ExecuteWorkflow(workflows.EnrollInstance, in)
			require.ErrorContains(t, env.GetWorkflowError(), c.says)
			require.Equal(t, before, h.count(t))
		})
	}
}

// The log of a task has the output of the playbook on each host, but no secrets of the app.
func TestRunAgents_log(t *testing.T) {
	op := operations()["RunAgents"]
	h, _ := op.prepared(t)
	h.parts.Log = &tasklog.Log{Store: h.parts.Cloud.Objects, Keep: time.Hour}
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(op.workflow, op.input(h))
	require.NoError(t, env.GetWorkflowError())
	var tasks []string
	for _, o := range h.cloud.State(t)["swift"]["objects"] {
		task, _, _ := strings.Cut(o.Name, "/RunAgentPlaybook/")
		tasks = append(tasks, task)
	}
	require.NotEmpty(t, tasks)
	require.Len(t, slices.Compact(tasks), 1)
	require.Contains(t, tasks[0], "test:")
	v := h.parts.Log.View(t.Context(), tasks[0], "", nil, nil)
	page, err := v.Page(t.Context(), tasklog.Query{}, 1000, time.Minute)
	require.NoError(t, err)
	require.Zero(t, v.Errors)
	said := fmt.Sprint(page.Items)
	require.Contains(t, said, "web-2")
	require.Contains(t, said, "stdout")
	last := page.Items[len(page.Items)-1]
	require.Equal(t, "web-2", last.Host)
	require.Contains(t, last.Message, "installed: ok=")
	require.NotContains(t, said, "mcm_settings")
}
