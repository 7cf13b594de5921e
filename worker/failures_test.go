package worker_test

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation"
	"mycloudmanager/sandbox/sandboxtest"
	"mycloudmanager/workflows"
)

// failure is a problem during a backup or restore, with the expected result.
type failure struct {
	before  func(t *testing.T, h *testEnv)
	input   func(h *testEnv) (workflow, input any)
	disturb func(t *testing.T, h *testEnv)
	// during is the number of the activity at whose start the problem occurs; 0: before the run.
	during  int32
	heal    func(t *testing.T, h *testEnv)
	status  operation.Status
	or      operation.Status // if the problem occurs too late
	says    string
	server  string // that must be running afterwards, if any
	deleted bool   // the instance is deleted, so there is no later run
}

const refusedStop = `{"service":"nova","method":"POST","path_regex":"/action$","kind":"status","status":403,"body":{"forbidden":{"code":403,"message":"Policy doesn't allow os_compute_api:os-stop to be performed."}},"count":1}`

// failures returns the test table. If a task blocks, the problem is repaired and Retry is pressed.
func failures() map[string]failure {
	web := func(t *testing.T, h *testEnv) { h.plan = h.nightly(t, "web-1") }
	volumes := func(t *testing.T, h *testEnv) {
		h.createVolumeBacked(t, "vol-1")
		h.plan = h.nightly(t, "vol-1")
	}
	run := func(h *testEnv) (any, any) { return workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan} }
	restore := func(h *testEnv) (any, any) {
		return workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.backup.Instance, Target: "/back"}
	}
	toNewServer := func(h *testEnv) (any, any) {
		return workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.backup.Instance, NewServerName: "restored"}
	}
	control := func(path, body string) func(t *testing.T, h *testEnv) {
		return func(t *testing.T, h *testEnv) { h.cloud.Control(t, http.MethodPost, path, body) }
	}
	return map[string]failure{
		"Swift is down for a while": {before: prepareFileBackup, input: run, status: operation.Succeeded, server: "web-2",
			disturb: control("/faults", `{"service":"swift","kind":"status","status":503,"path_regex":"/mcm-files-.*/(data|snapshots|locks)/","count":3}`)},
		"the image service refuses an image": {before: web, input: run, status: operation.Failed, says: "exceeds the quota", server: "web-1",
			disturb: control("/faults", `{"service":"glance","method":"POST","path_regex":"/images$","kind":"status","status":413,"body":"Denying attempt to upload image because it exceeds the quota","count":1}`)},
		"the image service is full meanwhile": {before: web, input: run, status: operation.Failed, says: "Nova failed to create the image; see the server's events in Horizon", server: "web-1",
			during: 4, disturb: func(t *testing.T, h *testEnv) { // what nova-compute does when its upload is refused
				for _, image := range h.cloud.State(t)["glance"]["images"] {
					if len(image.Name) > 6 && image.Name[:6] == "web-1 " {
						h.cloud.Raw(t, "demo", http.MethodDelete, "/image/v2/images/"+image.ID, "")
					}
				}
			}},
		"no more volume snapshots are allowed": {before: volumes, input: run, status: operation.Failed, says: "Maximum number of snapshots allowed (1) exceeded", server: "vol-1",
			disturb: control("/quotas", `{"service":"cinder","snapshots":1}`), heal: control("/quotas", `{"service":"cinder","snapshots":20}`)},
		"no more volumes are allowed": {before: func(t *testing.T, h *testEnv) {
			h.createVolumeBacked(t, "vol-1")
			h.snapshot(t, "vol-1")
		}, input: toNewServer, status: operation.Blocked, says: "Maximum number of volumes allowed (3) exceeded", server: "vol-1",
			disturb: control("/quotas", `{"service":"cinder","volumes":3}`), heal: control("/quotas", `{"service":"cinder","volumes":20}`)},
		"no more servers are allowed": {before: func(t *testing.T, h *testEnv) { h.snapshot(t, "web-1") }, input: toNewServer, status: operation.Blocked, says: "Quota exceeded for instances", server: "web-1",
			disturb: control("/quotas", `{"service":"nova","instances":6}`), heal: control("/quotas", `{"service":"nova","instances":30}`)},
		"the disk is full at a restore": {before: prepareFileBackup, input: restore, status: operation.Blocked, says: "1000 B are free in the target directory", server: "web-2",
			disturb: control("/disk", `{"server":"web-2","free_bytes":1000}`), heal: control("/disk", `{"server":"web-2","free_bytes":1000000000}`)},
		"the key is another one": {before: prepareFileBackup, input: run, status: operation.Failed, says: "the repository does not open with the project's backup key", server: "web-2",
			disturb: func(_ *testing.T, h *testEnv) { h.parts.BackupKey = bytes.Repeat([]byte{7}, 32) },
			heal:    func(_ *testing.T, h *testEnv) { h.parts.BackupKey = make([]byte, 32) }},
		"Nova refuses the stop": {before: web, input: run, status: operation.Failed, says: "web-1 cannot be shut off: nova: Policy doesn't allow", server: "web-1", disturb: control("/faults", refusedStop)},
		"the instance is deleted before its stop": {before: web, input: run, status: operation.Failed, says: "could not be found", deleted: true,
			during: 2, disturb: func(t *testing.T, h *testEnv) { h.delete(t, h.plan.Instances[0]) }},
		"the instance is deleted while its image is made": {before: web, input: run, status: operation.Failed, or: operation.Succeeded, says: "Nova failed to create the image", deleted: true,
			during: 4, disturb: func(t *testing.T, h *testEnv) {
				h.cloud.Raw(t, "demo", http.MethodDelete, "/compute/v2.1/servers/"+h.plan.Instances[0], "")
				require.Eventually(t, func() bool { return !h.has(t, "nova", "servers", h.plan.Instances[0]) }, 10*time.Second, 5*time.Millisecond)
			}},
	}
}

// After each failure the task has a clear error, the server is running, nothing is left behind, and a later run succeeds.
func TestBackups_failures(t *testing.T) {
	for name, f := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestEnv(t)
			if f.during > 0 { // slow enough for the fault to be in time
				h = newTestEnvOn(t, sandboxtest.StartAt(t, 20))
			}
			f.before(t, h)
			before := h.count(t)
			progress, err := f.runWithFault(t, h)
			if f.or != "" && progress.Status == f.or {
				h.requireNoPartialImages(t)
				return
			}
			require.Equal(t, f.status, progress.Status)
			require.Equal(t, f.status == operation.Failed, err != nil, "%v", err)
			if f.says != "" {
				require.NotNil(t, progress.Error)
				require.Contains(t, progress.Error.Detail.String(), f.says)
			}
			if f.server != "" {
				h.requireRunning(t, f.server)
			}
			if f.deleted {
				before["nova/servers"]--
				before["neutron/ports"]--
			}
			if f.status == operation.Failed {
				h.requireEventually(t, before, keepAll)
			}
			if f.deleted {
				return
			}
			f.repair(t, h)
			workflow, input := f.input(h)
			if in, ok := input.(workflows.RestoreInstanceInput); ok && in.NewServerName != "" {
				in.NewServerName, input = "restored again", workflows.RestoreInstanceInput{Backup: in.Backup, Instance: in.Instance, NewServerName: "restored again"}
			}
			h.run(t, workflow, input)
		})
	}
}

func (f failure) repair(t *testing.T, h *testEnv) {
	h.cloud.Control(t, http.MethodDelete, "/faults", "")
	if f.heal != nil {
		f.heal(t, h)
	}
}

// runWithFault runs the operation with the failure. A blocked task is repaired and retried; its progress while it was blocked
// is returned.
func (f failure) runWithFault(t *testing.T, h *testEnv) (operation.Progress, error) {
	t.Helper()
	s := &faultInjector{}
	if f.during == 0 {
		f.disturb(t, h)
	} else {
		s.at, s.then = f.during, func() error {
			f.disturb(t, h)
			return nil
		}
	}
	env := h.environment(s)
	var blocked *operation.Progress
	current := func() operation.Progress {
		var now operation.Progress
		said, err := env.QueryWorkflow(operation.ProgressQuery)
		require.NoError(t, err)
		require.NoError(t, said.Get(&now))
		return now
	}
	env.RegisterDelayedCallback(func() {
		if now := current(); now.Status == operation.Blocked {
			blocked = &now
			f.repair(t, h)
			env.UpdateWorkflow(operation.RetryUpdate, "", &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(any, error) {}}, operation.Retry{})
		}
	}, time.Hour)
	workflow, input := f.input(h)
	env.ExecuteWorkflow(workflow, input)
	if blocked != nil {
		require.NoError(t, env.GetWorkflowError(), "Retry resumes the task")
		return *blocked, nil
	}
	return current(), env.GetWorkflowError()
}

// Volume snapshots that Nova leaves after a failed image are deleted, also if the second attempt succeeds.
func TestRunBackup_unreferenced_volume_snapshots(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	h.createVolumeBacked(t, "vol-1")
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"glance","method":"POST","path_regex":"/images$","kind":"status","status":503,"count":1}`)
	h.snapshot(t, "vol-1")
	require.Eventually(t, func() bool { return h.count(t)["cinder/snapshots"] == 2 }, 10*time.Second, 20*time.Millisecond, "one of each volume")
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(all, func(b backup.Backup) bool { return b.ID == h.backup.ID }))
}

func keepAll(map[string]int) {}
