package worker_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
	"mycloudmanager/sandbox/sandboxtest"
	"mycloudmanager/workflows"
)

// prepareFileBackup enrolls an instance, creates a file backup plan and runs it once.
func prepareFileBackup(t *testing.T, h *testEnv) {
	h.run(t, workflows.DeployStack, small(h))
	h.enrolled = h.enrollment(t, "web-2")
	h.run(t, workflows.EnrollInstance, h.enrolled)
	h.plan = h.nightly(t, "web-2")
	h.plan.Method, h.plan.Directories, h.plan.Retention = backup.FileLevel, []string{"/config", "/etc/app"}, backup.Retention{}
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
	h.backup = h.soft(t)[0]
}

// soft returns the listed file backups.
func (h *testEnv) soft(t *testing.T) []backup.Backup {
	t.Helper()
	list, err := h.parts.Records.List(t.Context(), "")
	require.NoError(t, err)
	return list
}

// fileBackupOperations returns the operations on file backups, keyed by workflow name.
func fileBackupOperations() map[string]operationCase {
	again := func(workflow any, input func(h *testEnv) any) func(*testing.T, *testEnv) {
		return func(t *testing.T, h *testEnv) { h.run(t, workflow, input(h)) } // a repeat succeeds
	}
	run := func(h *testEnv) any { return workflows.RunBackupInput{Plan: h.plan} }
	verify := func(h *testEnv) any { return workflows.VerifyBackupInput{Backup: h.backup, RestoreTest: true} }
	restore := func(h *testEnv) any {
		return workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.enrolled.ID, Paths: []string{"/config"}, Target: "/back"}
	}
	return map[string]operationCase{
		// The snapshot of a failed run is a backup, and the next run lists it.
		"RunBackup soft": {workflow: workflows.RunBackup, before: prepareFileBackup, input: run, holds: func(t *testing.T, h *testEnv) {
			h.run(t, workflows.RunBackup, run(h))
			h.requireConsistent(t)
			var others []string
			for _, b := range h.soft(t) {
				if b.ID != h.backup.ID {
					others = append(others, b.ID)
				}
			}
			h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Backups: others})
		}},
		"VerifyBackup soft":    {workflow: workflows.VerifyBackup, before: prepareFileBackup, input: verify, holds: again(workflows.VerifyBackup, verify)},
		"RestoreInstance soft": {workflow: workflows.RestoreInstance, before: prepareFileBackup, input: restore, holds: again(workflows.RestoreInstance, restore)},
		"PruneBackups soft": {workflow: workflows.PruneBackups, forward: true, before: func(t *testing.T, h *testEnv) {
			prepareFileBackup(t, h)
			h.run(t, workflows.RunBackup, run(h))
		}, input: func(h *testEnv) any { return workflows.PruneBackupsInput{Backups: []string{h.backup.ID}} }},
	}
}

// requireConsistent requires that records and snapshots match.
func (h *testEnv) requireConsistent(t *testing.T) {
	t.Helper()
	var listed, there []string
	for _, b := range h.soft(t) {
		listed = append(listed, "snapshots/"+b.Snapshot)
		require.Equal(t, h.plan.ID, b.Plan)
		require.NotEmpty(t, b.Task)
		require.Equal(t, h.plan.Directories, b.Directories)
		require.Positive(t, b.SizeBytes)
	}
	for _, o := range h.cloud.State(t)["swift"]["objects"] {
		require.NotContains(t, o.Name, "locks/")
		if len(o.Name) > len("snapshots/") && o.Name[:len("snapshots/")] == "snapshots/" {
			there = append(there, o.Name)
		}
	}
	slices.Sort(listed)
	slices.Sort(there)
	require.Equal(t, there, listed)
}

// A snapshot without a record is listed by the next run as the backup of its own task.
func TestRunBackup_adopts_snapshot_without_record(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	prepareFileBackup(t, h)
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"swift","method":"PUT","path_regex":"/mcm-backups/","kind":"status","status":400,"count":-1}`)
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
	require.Error(t, env.GetWorkflowError())
	require.Len(t, h.soft(t), 1)
	require.Equal(t, 2, h.count(t)["swift/snapshots"])
	h.cloud.Control(t, http.MethodDelete, "/faults", "")
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
	h.requireConsistent(t)
	list := h.soft(t)
	require.Len(t, list, 3)
	require.NotEqual(t, list[0].Task, list[1].Task)
	page, err := h.parts.Records.Files(t.Context(), list[1].ID, "/config", "", 100, "")
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
}

// Backups of a deleted instance are deleted one by one, and their data with the last one. Until then each can be restored on
// another instance.
func TestPruneBackups_deleted_instance(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	prepareFileBackup(t, h)
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
	deleted, all := h.enrolled, h.soft(t)
	other := h.enrollment(t, "web-1")
	h.run(t, workflows.EnrollInstance, other)
	h.cloud.Raw(t, "demo", http.MethodDelete, "/compute/v2.1/servers/"+deleted.ID, "")
	require.Eventually(t, func() bool { return !h.has(t, "nova", "servers", deleted.ID) }, 10*time.Second, 20*time.Millisecond)

	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
	require.ErrorContains(t, env.GetWorkflowError(), "the instance no longer exists")
	h.run(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: all[0], Instance: other.ID, Target: "/from web-2"})
	back := filepath.Join(h.cloud.Dir, "blobs", "disk-"+other.ID, "from web-2", "config")
	require.DirExists(t, back)

	h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Backups: []string{all[1].ID}})
	require.Len(t, h.soft(t), 1)
	require.True(t, h.has(t, "swift", "containers", backup.ContainerOf(deleted.ID, backup.Restic)), "it holds the data of the other backup")
	h.run(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: all[0], Instance: other.ID, Target: "/again"})
	h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Backups: []string{all[0].ID}})
	require.Empty(t, h.soft(t))
	require.False(t, h.has(t, "swift", "containers", backup.ContainerOf(deleted.ID, backup.Restic)))
	require.Zero(t, h.count(t)["swift/snapshots"])
	require.Zero(t, h.count(t)["swift/lists"])
}

// has reports whether the cloud has a resource of that ID or name.
func (h *testEnv) has(t *testing.T, service, kind, name string) bool {
	t.Helper()
	return slices.ContainsFunc(h.cloud.State(t)[service][kind], func(r sandboxtest.Resource) bool { return r.ID == name || r.Name == name })
}
