package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

func restoreActivities(server nova.Server) fakes {
	activities := snapshotActivities(server.Running)
	activities["GetServer"], activities["ProbeSSH"], activities["RebuildServer"], activities["AwaitSSH"] = server, true, nil, ansible.HostFacts{}
	return activities
}

func TestRestoreInstance_Disk(t *testing.T) {
	in := workflows.RestoreInstanceInput{Instance: "i1", Backup: backup.Backup{ID: "s-old", Image: "old", Method: backup.Snapshot}}
	r := execute(t, workflows.RestoreInstance, in, restoreActivities(nova.Server{Name: "web-1", Running: true, Enrolled: true}))
	require.NoError(t, r.Err)
	require.Equal(t, operation.Succeeded, r.Status)
	require.Equal(t, "s-image-1", r.Result["safety_backup"])
	require.Equal(t, "old", r.In["RebuildServer"].(map[string]any)["Image"])
	require.Contains(t, r.steps(operation.Succeeded), "AwaitSSH")

	r = execute(t, workflows.RestoreInstance, in, restoreActivities(nova.Server{Name: "web-1"}))
	require.NoError(t, r.Err)
	require.Subset(t, r.steps(operation.Skipped), []string{"ProbeSSH", "StartServer", "AwaitSSH"})
	require.Equal(t, "StopServer", r.Calls[len(r.Calls)-1], "an instance that was off is off again")

	r = execute(t, workflows.RestoreInstance, in, restoreActivities(nova.Server{Name: "web-1", VolumeBacked: true}))
	require.Equal(t, fault.Invalid, fault.KindOf(r.Err))
	require.Equal(t, []string{"GetServer"}, r.Calls, "nothing is changed")
}

// If the disk cannot be replaced, the safety snapshot is restored and the instance started.
func TestRestoreInstance_Disk_failure(t *testing.T) {
	activities := restoreActivities(nova.Server{Name: "web-1", Running: true, Enrolled: true})
	activities["FinalizeBackup"] = backup.Backup{ID: "s-safety", Image: "safety"}
	activities["RebuildServer"] = func(in any) (any, error) {
		if in.(map[string]any)["Image"] == "old" {
			return nil, fault.Final(fault.New(fault.Invalid, nil, "nova: the image is too large"))
		}
		return nil, nil
	}
	r := execute(t, workflows.RestoreInstance, workflows.RestoreInstanceInput{Instance: "i1", Backup: backup.Backup{Image: "old", Method: backup.Snapshot}}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, []string{"RebuildServer", "StartServer"}, r.compensations())
	require.Equal(t, "safety", r.In["RebuildServer"].(map[string]any)["Image"])
}

func TestRestoreInstance_Files(t *testing.T) {
	in := workflows.RestoreInstanceInput{Instance: "i1", Backup: backup.Backup{ID: "f-1", Method: backup.FileLevel}, Target: "/restored"}
	r := execute(t, workflows.RestoreInstance, in, fakes{"GetEnrollment": nova.EnrolledInstance{Name: "web-1", Enrolled: true},
		"RestoreFiles": filebackup.RestoreFilesResult{Files: 3, Bytes: 1 << 20, Target: "/restored"}})
	require.NoError(t, r.Err)
	require.Equal(t, "3 files, 1.0 MiB, are in /restored", r.Message.String())
	require.Equal(t, "3 fichiers, 1.0 MiB, sont dans /restored", r.Message.In("fr"))
}

func TestRestoreInstance_NewServer(t *testing.T) {
	in := workflows.RestoreInstanceInput{Instance: "i1", Backup: backup.Backup{Image: "old", Method: backup.Snapshot}, NewServerName: "copy"}
	activities := fakes{"ResolveServerSpec": nova.ServerSpec{}, "CreateServer": nova.CreateServerResult{ID: "n1", Addresses: []string{"10.0.0.9"}}, "DeleteRestoredServer": nil}
	r := execute(t, workflows.RestoreInstance, in, activities)
	require.NoError(t, r.Err)
	require.Equal(t, "the new server copy runs at 10.0.0.9", r.Message.String())
	require.Equal(t, []string{"CreateVolumesFromSnapshots"}, r.steps(operation.Skipped))

	activities["CreateServer"] = fault.Final(fault.New(fault.Invalid, nil, "nova: no valid host was found"))
	r = execute(t, workflows.RestoreInstance, in, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, []string{"DeleteRestoredServer"}, r.compensations())
}
