package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/workflows"
)

func TestScheduledBackup(t *testing.T) {
	plan := backup.Plan{ID: "p1", Method: backup.FileLevel, Instances: []string{"i1"}, Directories: []string{"/etc"}}
	r, _ := executePart(t, workflows.ScheduledBackup, plan, fileRun())
	require.NoError(t, r.Err)
	require.Contains(t, r.Calls, "BackUpFiles")

	r, _ = executePart(t, workflows.ScheduledBackup, plan, fileRun("i1"))
	require.NoError(t, r.Err, "the task shows the failure; the schedule continues")
}

func TestCheckAgentDrift(t *testing.T) {
	activities := fakes{"ListInstancesWithAgents": map[string]nova.EnrolledInstance{}}
	r, _ := executePart(t, workflows.CheckAgentDrift, schedule.Initiator{}, activities)
	require.NoError(t, r.Err)
	require.Equal(t, []string{"ListInstancesWithAgents"}, r.Calls, "without agents no task is started")
}

func TestVerifyStaleBackups(t *testing.T) {
	activities := fakes{"UnverifiedBackups": []backup.Backup{{ID: "s-1", Method: backup.Snapshot}, {ID: "s-2", Method: backup.Snapshot}},
		"VerifyImage": fault.Final(fault.New(fault.Invalid, nil, "glance: no")), "RecordVerification": nil}
	r, _ := executePart(t, workflows.VerifyStaleBackups, schedule.Initiator{}, activities)
	require.NoError(t, r.Err)
	verified := 0
	for _, call := range r.Calls {
		if call == "VerifyImage" {
			verified++
		}
	}
	require.Equal(t, 2, verified, "a failed verification does not stop the next one")
}
