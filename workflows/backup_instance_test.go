package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/workflows"
)

func snapshotActivities(running bool) fakes {
	return fakes{"GetServer": nova.Server{Name: "web-1", Running: running}, "StopServer": nil, "SnapshotServer": "image-1", "AwaitImage": nil, "StartServer": nil,
		"FinalizeBackup": backup.Backup{ID: "s-image-1"}, "DiscardBackup": nil}
}

func TestBackupInstance_Snapshot(t *testing.T) {
	in := workflows.BackupInstanceInput{Plan: backup.Plan{ID: "p1", Method: backup.Snapshot}, Instance: "i1", Task: "plan:p1~r1"}
	r, env := executePart(t, workflows.BackupInstance, in, snapshotActivities(true))
	require.NoError(t, r.Err)
	require.Equal(t, []string{"GetServer", "StopServer", "SnapshotServer", "AwaitImage", "StartServer", "FinalizeBackup"}, r.Calls)
	var made backup.Backup
	require.NoError(t, env.GetWorkflowResult(&made))
	require.Equal(t, "s-image-1", made.ID)

	r, _ = executePart(t, workflows.BackupInstance, in, snapshotActivities(false))
	require.NoError(t, r.Err)
	require.NotContains(t, r.Calls, "StartServer", "an instance that was off stays off")
}

// The instance runs again and no partial image is left, whichever activity fails.
func TestBackupInstance_Snapshot_failure(t *testing.T) {
	in := workflows.BackupInstanceInput{Plan: backup.Plan{ID: "p1", Method: backup.Snapshot}, Instance: "i1", Task: "plan:p1~r1"}
	for _, name := range []string{"StopServer", "SnapshotServer", "AwaitImage", "FinalizeBackup"} {
		activities := snapshotActivities(true)
		activities[name] = fault.Final(fault.New(fault.Invalid, nil, "nova: no"))
		r, _ := executePart(t, workflows.BackupInstance, in, activities)
		require.Equal(t, fault.Invalid, fault.KindOf(r.Err), name)
		require.Contains(t, r.Calls, "StartServer", name)
		require.Contains(t, r.Calls, "DiscardBackup", name)
	}
}

func TestBackupInstance_Files(t *testing.T) {
	in := workflows.BackupInstanceInput{Plan: backup.Plan{ID: "p1", Method: backup.FileLevel, Directories: []string{"/etc"}}, Instance: "i1", Task: "plan:p1~r1"}
	activities := fakes{"GetEnrollment": nova.EnrolledInstance{Name: "web-1", Enrolled: true}, "BackUpFiles": backup.Backup{ID: "f-1"}}
	r, _ := executePart(t, workflows.BackupInstance, in, activities)
	require.NoError(t, r.Err)
	require.Equal(t, []string{"GetEnrollment", "BackUpFiles"}, r.Calls)

	for message, at := range map[string]nova.EnrolledInstance{"the instance is not enrolled": {}, "the instance no longer exists": {Deleted: true}} {
		activities["GetEnrollment"] = at
		r, _ = executePart(t, workflows.BackupInstance, in, activities)
		require.Equal(t, message, fault.MessageOf(r.Err).String())
		require.NotContains(t, r.Calls, "BackUpFiles")
	}
}
