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

// filed prepares a plan of the files of an instance that the manager reaches, and runs it once.
func filed(t *testing.T, h *testEnv) {
	h.run(t, workflows.DeployStack, small(h))
	h.enrolled = h.enrollment(t, "web-2")
	h.run(t, workflows.EnrollInstance, h.enrolled)
	h.nights = h.nightly(t, "web-2")
	h.nights.Method, h.nights.Directories, h.nights.Retention = backup.FileLevel, []string{"/config", "/etc/app"}, backup.Retention{}
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.nights})
	h.backup = h.soft(t)[0]
}

// soft are the soft backups that are listed.
func (h *testEnv) soft(t *testing.T) []backup.Backup {
	t.Helper()
	list, err := h.parts.Records.List(t.Context(), "")
	require.NoError(t, err)
	return list
}

// softOperations are those of soft backups, by their workflows' names.
func softOperations() map[string]operationCase {
	again := func(workflow any, input func(h *testEnv) any) func(*testing.T, *testEnv) {
		return func(t *testing.T, h *testEnv) { h.run(t, workflow, input(h)) } // nothing is in the way of a repeat
	}
	run := func(h *testEnv) any { return workflows.RunBackupInput{Plan: h.nights} }
	look := func(h *testEnv) any { return workflows.VerifyBackupInput{Backup: h.backup, RestoreTest: true} }
	restore := func(h *testEnv) any {
		return workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.enrolled.ID, Paths: []string{"/config"}, Target: "/back"}
	}
	return map[string]operationCase{
		// What is there already of a run that failed is a backup, and the next run lists it.
		"RunBackup soft": {workflow: workflows.RunBackup, before: filed, input: run, holds: func(t *testing.T, h *testEnv) {
			h.run(t, workflows.RunBackup, run(h))
			h.isWhole(t)
			var others []string
			for _, b := range h.soft(t) {
				if b.ID != h.backup.ID {
					others = append(others, b.ID)
				}
			}
			h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Backups: others})
		}},
		"VerifyBackup soft":    {workflow: workflows.VerifyBackup, before: filed, input: look, holds: again(workflows.VerifyBackup, look)},
		"RestoreInstance soft": {workflow: workflows.RestoreInstance, before: filed, input: restore, holds: again(workflows.RestoreInstance, restore)},
		"PruneBackups soft": {workflow: workflows.PruneBackups, forward: true, before: func(t *testing.T, h *testEnv) {
			filed(t, h)
			h.run(t, workflows.RunBackup, run(h))
		}, input: func(h *testEnv) any { return workflows.PruneBackupsInput{Backups: []string{h.backup.ID}} }},
	}
}

// isWhole requires that each snapshot is listed, and that what is listed is there.
func (h *testEnv) isWhole(t *testing.T) {
	t.Helper()
	var listed, there []string
	for _, b := range h.soft(t) {
		listed = append(listed, "snapshots/"+b.Snapshot)
		require.Equal(t, h.nights.ID, b.Plan)
		require.NotEmpty(t, b.Task)
		require.Equal(t, h.nights.Directories, b.Directories)
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

// A snapshot that nobody could write the record of is listed by the next run, as the backup of its own task.
func TestABackupWithoutARecordIsFoundByTheNextRun(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	filed(t, h)
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"swift","method":"PUT","path_regex":"/mcm-backups/","kind":"status","status":400,"count":-1}`)
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflows.RunBackup, workflows.RunBackupInput{Plan: h.nights})
	require.Error(t, env.GetWorkflowError())
	require.Len(t, h.soft(t), 1)
	require.Equal(t, 2, h.count(t)["swift/snapshots"])
	h.cloud.Control(t, http.MethodDelete, "/faults", "")
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.nights})
	h.isWhole(t)
	list := h.soft(t)
	require.Len(t, list, 3)
	require.NotEqual(t, list[0].Task, list[1].Task)
	page, err := h.parts.Records.Files(t.Context(), list[1].ID, "/config", "", 100, "")
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
}

// Of an instance that is gone, backups leave the list one by one, what is stored goes with the last, and until
// then each can be restored on another instance.
func TestBackupsOfAnInstanceThatIsGone(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	filed(t, h)
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.nights})
	gone, all := h.enrolled, h.soft(t)
	other := h.enrollment(t, "web-1")
	h.run(t, workflows.EnrollInstance, other)
	h.cloud.Raw(t, "demo", http.MethodDelete, "/compute/v2.1/servers/"+gone.ID, "")
	require.Eventually(t, func() bool { return !h.has(t, "nova", "servers", gone.ID) }, 10*time.Second, 20*time.Millisecond)

	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflows.RunBackup, workflows.RunBackupInput{Plan: h.nights})
	require.ErrorContains(t, env.GetWorkflowError(), "the instance no longer exists")
	h.run(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: all[0], Instance: other.ID, Target: "/from web-2"})
	back := filepath.Join(h.cloud.Dir, "blobs", "disk-"+other.ID, "from web-2", "config")
	require.DirExists(t, back)

	h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Backups: []string{all[1].ID}})
	require.Len(t, h.soft(t), 1)
	require.True(t, h.has(t, "swift", "containers", backup.ContainerOf(gone.ID, backup.Restic)), "it holds what the other needs")
	h.run(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Backup: all[0], Instance: other.ID, Target: "/again"})
	h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Backups: []string{all[0].ID}})
	require.Empty(t, h.soft(t))
	require.False(t, h.has(t, "swift", "containers", backup.ContainerOf(gone.ID, backup.Restic)))
	require.Zero(t, h.count(t)["swift/snapshots"])
	require.Zero(t, h.count(t)["swift/lists"])
}

// has tells whether the cloud has a resource of that id or name.
func (h *testEnv) has(t *testing.T, service, kind, name string) bool {
	t.Helper()
	return slices.ContainsFunc(h.cloud.State(t)[service][kind], func(r sandboxtest.Resource) bool { return r.ID == name || r.Name == name })
}
