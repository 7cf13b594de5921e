package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/notifications"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

// fileRun returns the activities of a run of file backups that fails on the given instances.
func fileRun(failing ...string) fakes {
	return fakes{"GetEnrollment": nova.EnrolledInstance{Name: "web", Enrolled: true},
		"BackUpFiles": func(in any) (any, error) {
			for _, id := range failing {
				if in.(map[string]any)["Instance"] == id {
					return nil, fault.Final(fault.New(fault.Invalid, nil, "no space is left on the instance"))
				}
			}
			return backup.Backup{ID: "f-1"}, nil
		},
		"PrepareNotification": notifications.PreparedNotification{}, "SelectBackupsToPrune": backups.PruneSelection{}}
}

func TestRunBackup(t *testing.T) {
	plan := backup.Plan{ID: "p1", Name: "nightly", Method: backup.FileLevel, Instances: []string{"i1", "i2"}, Directories: []string{"/etc"}, Retention: backup.Retention{Last: 3}}
	r := execute(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan}, fileRun())
	require.NoError(t, r.Err)
	require.Equal(t, operation.Succeeded, r.Status)
	require.Contains(t, r.Calls, "SelectBackupsToPrune", "a run with retention prunes")
	require.Equal(t, string(notification.Recovered), r.In["PrepareNotification"].(map[string]any)["kind"])

	r = execute(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan}, fileRun("i2"))
	require.NoError(t, r.Err)
	require.Equal(t, operation.PartiallyFailed, r.Status)
	require.Equal(t, "1 of 2 failed: no space is left on the instance", r.Message.String())
	sent := r.In["PrepareNotification"].(map[string]any)
	require.Equal(t, string(notification.PartiallyFailed), sent["kind"])
	require.Len(t, sent["instances"], 1)

	r = execute(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan}, fileRun("i1", "i2"))
	require.Equal(t, operation.Failed, r.Status)
	require.Contains(t, fault.MessageOf(r.Err).In("fr"), "il n'y a plus de place sur l'instance")
	require.NotContains(t, r.Calls, "SelectBackupsToPrune", "a failed run deletes no backups")
}

// A consistency group creates no image if one instance cannot be shut off, and restarts all instances.
func TestRunBackup_ConsistencyGroup(t *testing.T) {
	plan := backup.Plan{ID: "p1", Method: backup.Snapshot, Instances: []string{"i1", "i2"}, Snapshot: backup.SnapshotOptions{ConsistencyGroup: true}}
	activities := snapshotActivities(true)
	activities["PrepareNotification"] = notifications.PreparedNotification{}
	activities["StopServer"] = func(in any) (any, error) {
		if in.(map[string]any)["ID"] == "i2" {
			return nil, fault.Final(fault.New(fault.Conflict, nil, "nova: the server is locked"))
		}
		return nil, nil
	}
	r := execute(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Contains(t, fault.MessageOf(r.Err).String(), "consistency group aborted, no image was created and all instances were restarted: i2: ")
	require.NotContains(t, r.Calls, "SnapshotServer")
	require.Contains(t, r.Calls, "StartServer")
}

func TestRunBackupInput_KeepFailed(t *testing.T) {
	result := map[string]any{"hosts": map[string]any{
		"i1": map[string]any{"backup": map[string]any{"status": "succeeded"}},
		"i2": map[string]any{"backup": map[string]any{"status": "failed", "reason": map[string]any{"message": "%s", "args": []any{"x"}}}}}}
	in := workflows.RunBackupInput{Plan: backup.Plan{Method: backup.FileLevel, Instances: []string{"i1", "i2"}}}
	in.KeepFailed(result)
	require.Equal(t, []string{"i2"}, in.Plan.Instances)

	in = workflows.RunBackupInput{Plan: backup.Plan{Method: backup.Snapshot, Instances: []string{"i1", "i2"}, Snapshot: backup.SnapshotOptions{ConsistencyGroup: true}}}
	in.KeepFailed(result)
	require.Equal(t, []string{"i1", "i2"}, in.Plan.Instances, "a consistency group is repeated as a whole")
}
