package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func TestVerifyBackup(t *testing.T) {
	activities := fakes{"VerifyImage": backup.VerificationResult{OK: true}, "GetEnrollment": nova.EnrolledInstance{Enrolled: true},
		"VerifyFiles": filebackup.VerifyFilesResult{OK: true, Detail: i18n.Messagef("%d files, %s, were restored and compared", 3, "1 KiB")}, "RecordVerification": nil}
	r := execute(t, workflows.VerifyBackup, workflows.VerifyBackupInput{Backup: backup.Backup{ID: "s-1", Method: backup.Snapshot}}, activities)
	requireSucceeded(t, r, "VerifyImage", "RecordVerification")

	in := workflows.VerifyBackupInput{Backup: backup.Backup{ID: "f-1", Method: backup.FileLevel}, RestoreTest: true}
	r = execute(t, workflows.VerifyBackup, in, activities)
	requireSucceeded(t, r, "GetEnrollment", "VerifyFiles", "RecordVerification")
	recorded := r.In["RecordVerification"].(map[string]any)
	require.Equal(t, "f-1", recorded["Backup"])

	activities["GetEnrollment"] = nova.EnrolledInstance{Deleted: true}
	r = execute(t, workflows.VerifyBackup, in, activities)
	require.Equal(t, fault.Invalid, fault.KindOf(r.Err))
	require.NotContains(t, r.Calls, "RecordVerification", "a backup that was not verified keeps its status")
}

func TestPruneBackups(t *testing.T) {
	activities := fakes{"SelectBackupsToPrune": backups.PruneSelection{}, "DeleteImages": nil, "ForgetSnapshots": nil, "ListEnrolledInstances": map[string]nova.EnrolledInstance{
		"i1": {Enrolled: true}, "i2": {Enrolled: true}}}
	r := execute(t, workflows.PruneBackups, workflows.PruneBackupsInput{}, activities)
	requireSucceeded(t, r, "SelectBackupsToPrune")
	require.ElementsMatch(t, []string{"DeleteImages", "ForgetSnapshots"}, r.steps(operation.Skipped))

	activities["SelectBackupsToPrune"] = backups.PruneSelection{Names: []string{"a", "b"}, Images: []string{"image-1"},
		Soft: []backups.Snapshots{{Instance: "i1", IDs: []string{"s1"}}, {Instance: "i2", IDs: []string{"s2"}}}}
	failed := map[string]bool{"i2": true}
	activities["ForgetSnapshots"] = func(in any) (any, error) {
		if failed[in.(map[string]any)["Instance"].(string)] {
			return nil, fault.Final(fault.New(fault.Invalid, nil, "the repository is damaged"))
		}
		return nil, nil
	}
	r = execute(t, workflows.PruneBackups, workflows.PruneBackupsInput{}, activities)
	require.NoError(t, r.Err)
	require.Equal(t, operation.PartiallyFailed, r.Status)
	require.Contains(t, r.Message.String(), "1 of 2 failed")
	require.Contains(t, r.Calls, "DeleteImages")

	failed["i1"] = true
	r = execute(t, workflows.PruneBackups, workflows.PruneBackupsInput{}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Contains(t, fault.MessageOf(r.Err).String(), "the repository is damaged")
}
