package worker_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/workflows"
)

// operationCase is a workflow with its preconditions and the expected state after a failure.
type operationCase struct {
	workflow any
	input    func(h *testEnv) any
	before   func(t *testing.T, h *testEnv)
	// kept are resources that a rolled-back run may leave, because they hold data.
	kept map[string]int
	// lacks are resources that a partially failed run may not have created.
	lacks map[string]int
	// forward is set for operations that a failure does not roll back, such as deletions.
	forward bool
	// holds checks what must be true after every run, whatever its result.
	holds func(t *testing.T, h *testEnv)
}

func operations() map[string]operationCase {
	deployed := func(t *testing.T, h *testEnv) { h.run(t, workflows.DeployStack, small(h)) }
	launched := func(t *testing.T, h *testEnv) {
		deployed(t, h)
		h.run(t, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})
	}
	settings := app.Settings{Parameters: map[string]any{"local_stratum": 5.0}}
	all := map[string]operationCase{
		"DeployStack": {workflow: workflows.DeployStack, input: func(h *testEnv) any { return small(h) }},
		"LaunchApp": {workflow: workflows.LaunchApp, before: deployed, kept: map[string]int{"cinder/volumes": 1},
			input: func(*testEnv) any { return workflows.LaunchAppInput{App: "ntp"} }},
		"StopApp": {workflow: workflows.StopApp, before: launched, input: func(*testEnv) any { return workflows.StopAppInput{App: "ntp"} }},
		"ConfigureApp": {workflow: workflows.ConfigureApp, before: launched,
			input: func(*testEnv) any { return workflows.ConfigureAppInput{App: "ntp", Settings: settings} }},
		"UninstallApp": {workflow: workflows.UninstallApp, before: launched, forward: true,
			input: func(*testEnv) any { return workflows.UninstallAppInput{App: "ntp", DeleteVolume: true} }},
		"DeleteStack": {workflow: workflows.DeleteStack, before: launched, forward: true,
			input: func(h *testEnv) any { return workflows.DeleteStackInput{Name: "toolbox", UserToken: h.token} }},
	}
	maps.Copy(all, instanceOperations(launched))
	maps.Copy(all, backupOperations())
	return all
}

// An operation that fails permanently at any step leaves no resources behind, except kept ones.
func TestOperations_failed_step(t *testing.T) {
	everyStep(t, func(h *testEnv, op operationCase, s *faultInjector) error {
		s.then = func() error { return errInjected }
		env := h.environment(s)
		env.ExecuteWorkflow(op.workflow, op.input(h))
		return env.GetWorkflowError()
	})
}

// The same applies when a user cancels during any step. This needs a real server: the test environment does not wait for an
// activity that is being cancelled.
func TestOperations_cancelled_step(t *testing.T) {
	server := temporaltest.Start(t)
	everyStep(t, func(h *testEnv, op operationCase, s *faultInjector) error {
		return h.onServer(server, s, func(id string) {
			s.then = func() error { return server.Client.CancelWorkflow(context.Background(), id, "") }
		}, op.workflow, op.input(h))
	})
}

// A partially created release that fails before Helm has written a new record is rolled back with its objects: its record is
// not deleted without them.
func TestLaunchApp_partial_release(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.run(t, workflows.DeployStack, small(h))
	before := h.count(t)
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"kubernetes","method":"PATCH","path_regex":"/statefulsets/","kind":"drop","count":1}`)
	refuse := `{"service":"kubernetes","method":"POST","path_regex":"/secrets$","kind":"status","status":400,"count":1}`
	s := &faultInjector{at: 6, then: func() error { // the second attempt of InstallApp, after the first five activities
		h.cloud.Control(t, http.MethodPost, "/faults", refuse)
		return nil
	}}
	env := h.environment(s)
	env.ExecuteWorkflow(workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})
	require.Error(t, env.GetWorkflowError())
	operationCase{kept: map[string]int{"cinder/volumes": 1}}.requireClean(t, h, before, env.GetWorkflowError())
}

// An uninstall that cannot read or delete an object, or cannot read the release's history, is retried.
func TestUninstallApp_transient_faults(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.run(t, workflows.DeployStack, small(h))
	before := h.count(t)
	for _, fault := range []string{
		`"method":"GET","path_regex":"/statefulsets/ntp$"`, `"method":"DELETE","path_regex":"/statefulsets/ntp$"`,
		`"method":"GET","path_regex":"/secrets$"`, `"method":"DELETE","path_regex":"/secrets/sh.helm"`,
	} {
		h.run(t, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})
		h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"kubernetes",`+fault+`,"kind":"status","status":503,"count":2}`)
		h.run(t, workflows.UninstallApp, workflows.UninstallAppInput{App: "ntp", DeleteVolume: true})
		h.cloud.Control(t, http.MethodDelete, "/faults", "")
		require.Equal(t, before, h.count(t), fault)
	}
}

func everyStep(t *testing.T, run func(h *testEnv, op operationCase, s *faultInjector) error) {
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestEnv(t)
			if op.before != nil {
				op.before(t, h)
			}
			for step := 1; ; step++ {
				before := h.count(t)
				s := &faultInjector{at: int32(step)}
				err := run(h, op, s)
				if s.calls.Load() < s.at { // no step was left to fail
					require.NoError(t, err)
					require.Greater(t, step, 1)
					return
				}
				if err == nil { // the last step ended before the cancel
					return
				}
				t.Run(fmt.Sprint("step ", step), func(t *testing.T) { op.requireClean(t, h, before, err) })
			}
		})
	}
}

// requireClean compares the cloud with its state before the run that was rolled back.
func (op operationCase) requireClean(t *testing.T, h *testEnv, before map[string]int, err error) {
	if op.holds != nil {
		op.holds(t, h)
	}
	if op.forward {
		require.True(t, temporal.IsCanceledError(err) || err != nil)
		return
	}
	h.requireEventually(t, before, func(after map[string]int) {
		for what, n := range after {
			if extra := n - before[what]; extra > 0 && extra <= op.kept[what] {
				after[what] = before[what]
				if after[what] == 0 {
					delete(after, what)
				}
			}
		}
	})
}

// requireEventually requires that the cloud reaches the wanted counts, at the latest when its pods have settled.
func (h *testEnv) requireEventually(t *testing.T, want map[string]int, forgive func(map[string]int)) {
	t.Helper()
	var after map[string]int
	for end := time.Now().Add(settling); ; time.Sleep(20 * time.Millisecond) {
		after = h.count(t)
		forgive(after)
		if maps.Equal(want, after) {
			return
		}
		if time.Now().After(end) {
			require.Equal(t, want, after)
		}
	}
}

// settling is a generous limit for the restart of a simulated pod.
const settling = 5 * time.Second
