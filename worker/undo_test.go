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

// operationCase is a workflow with what must be there before it and what takes its success away again.
type operationCase struct {
	workflow any
	input    func(h *testEnv) any
	before   func(t *testing.T, h *testEnv)
	// kept is what an undone run may leave, because it holds data.
	kept map[string]int
	// lacks is what a run that failed in part may not have made.
	lacks map[string]int
	// forward is an operation that a failure does not undo: what is gone stays gone.
	forward bool
	// holds is what must be true after every run, however it ended.
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

// Whatever step fails for good, an operation leaves nothing behind but what it says it keeps.
func TestAFailedOperationLeavesNothing(t *testing.T) {
	everyStep(t, func(h *testEnv, op operationCase, s *faultInjector) error {
		s.then = func() error { return errSabotage }
		env := h.environment(s)
		env.ExecuteWorkflow(op.workflow, op.input(h))
		return env.GetWorkflowError()
	})
}

// The same holds when a user cancels while any step runs. It is shown on a real server: the test
// environment does not let an activity that is being cancelled end first.
func TestACancelledOperationLeavesNothing(t *testing.T) {
	server := temporaltest.Start(t)
	everyStep(t, func(h *testEnv, op operationCase, s *faultInjector) error {
		return h.onServer(server, s, func(id string) {
			s.then = func() error { return server.Client.CancelWorkflow(context.Background(), id, "") }
		}, op.workflow, op.input(h))
	})
}

// A release whose objects are there in part, and which then fails before Helm has written a new record,
// is undone with its objects: the record that knew of them has not gone alone.
func TestAReleaseThatFailsTwiceLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.run(t, workflows.DeployStack, small(h))
	before := h.count(t)
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"kubernetes","method":"PATCH","path_regex":"/statefulsets/","kind":"drop","count":1}`)
	refuse := `{"service":"kubernetes","method":"POST","path_regex":"/secrets$","kind":"status","status":400,"count":1}`
	s := &faultInjector{at: 6, then: func() error { // the second attempt of InstallApp, after the five first activities
		h.cloud.Control(t, http.MethodPost, "/faults", refuse)
		return nil
	}}
	env := h.environment(s)
	env.ExecuteWorkflow(workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})
	require.Error(t, env.GetWorkflowError())
	operationCase{kept: map[string]int{"cinder/volumes": 1}}.leaves(t, h, before, env.GetWorkflowError())
}

// An uninstall that cannot look at an object, or cannot read the release's history, has not done it.
func TestAnUninstallThatIsDisturbedGoesOn(t *testing.T) {
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
				if s.calls.Load() < s.at { // no step was left to sabotage
					require.NoError(t, err)
					require.Greater(t, step, 1)
					return
				}
				if err == nil { // it was the last step, which ended before the cancel was seen
					return
				}
				t.Run(fmt.Sprint("step ", step), func(t *testing.T) { op.leaves(t, h, before, err) })
			}
		})
	}
}

// leaves compares the cloud with what it was before a run that was undone.
func (op operationCase) leaves(t *testing.T, h *testEnv, before map[string]int, err error) {
	if op.holds != nil {
		op.holds(t, h)
	}
	if op.forward {
		require.True(t, temporal.IsCanceledError(err) || err != nil)
		return
	}
	h.comesTo(t, before, func(after map[string]int) {
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

// comesTo requires that the cloud holds what is wanted, now or once its pods have settled.
func (h *testEnv) comesTo(t *testing.T, want map[string]int, forgive func(map[string]int)) {
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

// settling is how long a pod of the simulated cluster takes to come back, and much more.
const settling = 5 * time.Second
