package worker_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/workflows"
)

// server returns ID and status of the simulated server of that name.
func (h *testEnv) server(t *testing.T, name string) (id, status string) {
	t.Helper()
	s, err := h.parts.Cloud.Manager(t.Context())
	require.NoError(t, err)
	all, err := s.Servers(t.Context())
	require.NoError(t, err)
	for _, v := range all {
		if v.Name == name {
			return v.ID, v.Status
		}
	}
	t.Fatalf("there is no server %s", name)
	return "", ""
}

func (h *testEnv) reader() *backup.Reader {
	return &backup.Reader{Cloud: h.parts.Cloud, Records: h.parts.Records}
}

// nightly returns a plan that takes snapshots of the servers.
func (h *testEnv) nightly(t *testing.T, names ...string) backup.Plan {
	t.Helper()
	p := backup.Plan{ID: "0198", Name: "nightly", Method: backup.Snapshot, Retention: backup.Retention{Last: 2}, Author: operation.Actor{ID: "u", Name: "anna"},
		Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}}
	for _, name := range names {
		id, _ := h.server(t, name)
		p.Instances = append(p.Instances, id)
	}
	return p
}

// backupOperations returns the operations on backups, keyed by workflow name.
func backupOperations() map[string]operationCase {
	runs := func(t *testing.T, h *testEnv) {
		_, status := h.server(t, "web-1")
		require.Equal(t, "ACTIVE", status)
	}
	snapshot := func(t *testing.T, h *testEnv) {
		h.plan = h.nightly(t, "web-1")
		h.plan.Retention = backup.Retention{}
		h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.plan})
		all, err := h.reader().List(t.Context())
		require.NoError(t, err)
		h.backup = all[0]
	}
	all := map[string]operationCase{
		"RunBackup": {workflow: workflows.RunBackup, holds: runs, before: func(t *testing.T, h *testEnv) {
			h.plan = h.nightly(t, "web-1")
			h.plan.Retention = backup.Retention{}
		}, input: func(h *testEnv) any { return workflows.RunBackupInput{Plan: h.plan} }},
		// The safety snapshot is kept; the task names it.
		"RestoreInstance": {workflow: workflows.RestoreInstance, before: snapshot, holds: runs, kept: map[string]int{"glance/images": 1},
			input: func(h *testEnv) any {
				return workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.plan.Instances[0]}
			}},
		"VerifyBackup": {workflow: workflows.VerifyBackup, before: snapshot, input: func(h *testEnv) any { return workflows.VerifyBackupInput{Backup: h.backup} }},
		"PruneBackups": {workflow: workflows.PruneBackups, before: snapshot, forward: true,
			input: func(h *testEnv) any { return workflows.PruneBackupsInput{Backups: []string{h.backup.ID}} }},
	}
	maps.Copy(all, fileBackupOperations())
	maps.Copy(all, newServerOperations())
	maps.Copy(all, groupOperations())
	return all
}

// A run creates an image of each instance, restarts it and prunes old backups.
func TestRunBackup_snapshots(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.nightly(t, "web-1", "db-1")
	stopped, _ := h.server(t, "db-1")
	h.power(t, stopped, "os-stop", "SHUTOFF")
	for range 3 {
		h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
		_, status := h.server(t, "web-1")
		require.Equal(t, "ACTIVE", status)
		_, status = h.server(t, "db-1")
		require.Equal(t, "SHUTOFF", status, "an instance that was shut off stays off")
	}
	h.run(t, workflows.PruneBackups, workflows.PruneBackupsInput{Plan: plan})
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 4, "two of each instance are kept")
	for _, b := range all {
		require.Equal(t, plan.ID, b.Plan)
		require.Equal(t, backup.Cold, b.Consistency)
		require.Positive(t, b.SizeBytes)
		require.NotEmpty(t, b.Checksum)
		require.WithinDuration(t, time.Now(), b.CreatedAt, time.Minute)
	}
}

// power changes the power state of a server through Nova.
func (h *testEnv) power(t *testing.T, id, verb, want string) {
	t.Helper()
	s, err := h.parts.Cloud.Manager(t.Context())
	require.NoError(t, err)
	c, err := s.Compute()
	require.NoError(t, err)
	_, err = c.Post(t.Context(), c.ServiceURL("servers", id, "action"), map[string]any{verb: nil}, nil, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		all, err := s.Servers(t.Context())
		require.NoError(t, err)
		for _, v := range all {
			if v.ID == id {
				return v.Status == want && v.TaskState == ""
			}
		}
		return false
	}, 10*time.Second, 20*time.Millisecond)
}

// A failed instance does not prevent the backup of the others, and the task names it.
func TestRunBackup_one_instance_fails(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.nightly(t, "web-1", "db-1")
	h.cloud.Control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":"nova","method":"POST","path_regex":"/servers/%s/action$","kind":"status","status":413,"message":"Quota exceeded","count":50}`, plan.Instances[1]))
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.NoError(t, env.GetWorkflowError())
	var progress operation.Progress
	said, err := env.QueryWorkflow(operation.ProgressQuery)
	require.NoError(t, err)
	require.NoError(t, said.Get(&progress))
	require.Equal(t, operation.PartiallyFailed, progress.Status)
	require.Contains(t, progress.Message.String(), "1 of 2 failed")
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	for _, name := range []string{"web-1", "db-1"} {
		_, status := h.server(t, name)
		require.Equal(t, "ACTIVE", status, name)
	}
	in := &workflows.RunBackupInput{Plan: plan}
	in.KeepFailed(map[string]any{"hosts": map[string]any{plan.Instances[0]: map[string]any{"backup": map[string]any{"status": "succeeded", "detail": "s-1: 1 MiB"}}, plan.Instances[1]: map[string]any{"backup": map[string]any{"status": "failed", "reason": "Quota exceeded"}}}})
	require.Equal(t, plan.Instances[1:], in.Plan.Instances, "a retry repeats the failed instances")
}

// A restore replaces the disk with the backup and keeps a safety snapshot.
func TestRestoreInstance_disk(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	op := backupOperations()["RestoreInstance"]
	op.before(t, h)
	h.run(t, workflows.RestoreInstance, op.input(h))
	s, err := h.parts.Cloud.Manager(t.Context())
	require.NoError(t, err)
	all, err := s.Servers(t.Context())
	require.NoError(t, err)
	for _, v := range all {
		if v.ID == h.plan.Instances[0] {
			require.Equal(t, h.backup.Image, v.Image["id"])
			require.Equal(t, "ACTIVE", v.Status)
		}
	}
	list, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.True(t, list[0].PreRestore)
}

// The result of a verification is recorded with the backup.
func TestVerifyBackup_image(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	op := backupOperations()["VerifyBackup"]
	op.before(t, h)
	h.run(t, workflows.VerifyBackup, op.input(h))
	b, err := h.reader().Get(t.Context(), h.backup.ID)
	require.NoError(t, err)
	require.Equal(t, backup.VerifiedOK, b.VerifyStatus)
	require.NotNil(t, b.VerifiedAt)
}

// A scheduled backup runs only at times that are due.
func TestScheduledBackup_due_times(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.nightly(t, "web-1")
	for at, runs := range map[string]int{
		"2027-10-31T00:30:00Z": 1, // first 02:30
		"2027-10-31T01:30:00Z": 0, // second 02:30
		"2027-03-28T01:00:00Z": 1, // 03:00, as 02:30 does not exist
	} {
		due, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		before, err := h.reader().List(t.Context())
		require.NoError(t, err)
		plan.ID = at // each run is a separate task
		env := h.environment(&faultInjector{})
		require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(due))))
		env.ExecuteWorkflow(workflows.ScheduledBackup, plan)
		require.NoError(t, env.GetWorkflowError())
		after, err := h.reader().List(t.Context())
		require.NoError(t, err)
		require.Len(t, after, len(before)+runs, at)
	}
}

// Scheduled checks start tasks in the manager's own name: one that checks all agents, and one for each backup that was not
// verified.
func TestScheduledChecks(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.nightly(t, "web-1", "db-1")
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	by := schedule.Initiator{Actor: schedule.Manager}
	h.run(t, workflows.VerifyStaleBackups, by)
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, b := range all {
		require.Equal(t, backup.VerifiedOK, b.VerifyStatus, b.InstanceName)
	}

	env := h.environment(&faultInjector{})
	asked := workflows.AgentsInput{}
	env.OnWorkflow(workflows.RunAgents, mock.Anything, mock.Anything).Return(func(_ workflow.Context, in workflows.AgentsInput) error {
		asked = in
		return nil
	})
	require.NoError(t, h.mark(t, plan.Instances[0], "ntp"))
	env.ExecuteWorkflow(workflows.CheckAgentDrift, by)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, workflows.AgentsInput{Action: workflows.CheckAgents, Apps: []string{"ntp"}, Instances: plan.Instances[:1]}, asked)
}

// mark enrolls an instance and records an agent in its metadata.
func (h *testEnv) mark(t *testing.T, id, app string) error {
	t.Helper()
	now := time.Now()
	compute := &nova.Activities{Cloud: h.parts.Cloud}
	require.NoError(t, compute.SaveEnrollment(t.Context(), nova.SaveEnrollmentInput{ID: id, Enrollment: instance.Enrollment{At: now, Address: "192.168.10.2"}}))
	return compute.SetAgentStates(t.Context(), []nova.AgentStateUpdate{{ID: id, Agent: instance.AgentState{App: app, State: instance.Installed, Version: "1", Since: &now}}})
}
