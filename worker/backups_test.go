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

// server is the simulated server of that name.
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

// nightly is a plan that makes snapshots of the servers.
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

// backupOperations are those of backups, by their workflows' names.
func backupOperations() map[string]operationCase {
	runs := func(t *testing.T, h *testEnv) {
		_, status := h.server(t, "web-1")
		require.Equal(t, "ACTIVE", status)
	}
	snapshot := func(t *testing.T, h *testEnv) {
		h.nights = h.nightly(t, "web-1")
		h.nights.Retention = backup.Retention{}
		h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: h.nights})
		all, err := h.reader().List(t.Context())
		require.NoError(t, err)
		h.backup = all[0]
	}
	all := map[string]operationCase{
		"RunBackup": {workflow: workflows.RunBackup, holds: runs, before: func(t *testing.T, h *testEnv) {
			h.nights = h.nightly(t, "web-1")
			h.nights.Retention = backup.Retention{}
		}, input: func(h *testEnv) any { return workflows.RunBackupInput{Plan: h.nights} }},
		// What was there before the restore is kept as a backup, which the task names.
		"RestoreInstance": {workflow: workflows.RestoreInstance, before: snapshot, holds: runs, kept: map[string]int{"glance/images": 1},
			input: func(h *testEnv) any {
				return workflows.RestoreInstanceInput{Backup: h.backup, Instance: h.nights.Instances[0]}
			}},
		"VerifyBackup": {workflow: workflows.VerifyBackup, before: snapshot, input: func(h *testEnv) any { return workflows.VerifyBackupInput{Backup: h.backup} }},
		"PruneBackups": {workflow: workflows.PruneBackups, before: snapshot, forward: true,
			input: func(h *testEnv) any { return workflows.PruneBackupsInput{Backups: []string{h.backup.ID}} }},
	}
	maps.Copy(all, softOperations())
	maps.Copy(all, besideOperations())
	maps.Copy(all, groupOperations())
	return all
}

// A run of a plan: each instance is an image, runs again, and what is too much goes.
func TestSnapshotsOfAPlan(t *testing.T) {
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
		require.Equal(t, "SHUTOFF", status, "what was shut off stays so")
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

// power brings a server into a state by Nova itself.
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

// One instance that cannot be backed up does not keep the others from it, and the task names it.
func TestABackupThatFailsOnOneInstance(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.nightly(t, "web-1", "db-1")
	h.cloud.Control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":"nova","method":"POST","path_regex":"/servers/%s/action$","kind":"status","status":413,"message":"Quota exceeded","count":50}`, plan.Instances[1]))
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.NoError(t, env.GetWorkflowError())
	var told operation.Progress
	said, err := env.QueryWorkflow(operation.ProgressQuery)
	require.NoError(t, err)
	require.NoError(t, said.Get(&told))
	require.Equal(t, operation.PartiallyFailed, told.Status)
	require.Contains(t, told.Message, "1 of 2 failed")
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	for _, name := range []string{"web-1", "db-1"} {
		_, status := h.server(t, name)
		require.Equal(t, "ACTIVE", status, name)
	}
	in := &workflows.RunBackupInput{Plan: plan}
	in.KeepFailed(map[string]any{"hosts": map[string]any{plan.Instances[0]: map[string]any{"backup": map[string]any{"status": "succeeded", "detail": "s-1: 1 MiB"}}, plan.Instances[1]: map[string]any{"backup": map[string]any{"status": "failed", "reason": "Quota exceeded"}}}})
	require.Equal(t, plan.Instances[1:], in.Plan.Instances, "a retry repeats what failed")
}

// A restore brings the disk of the backup back, and a safety backup of what was there stays.
func TestARestoredInstanceIsThatOfTheBackup(t *testing.T) {
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
		if v.ID == h.nights.Instances[0] {
			require.Equal(t, h.backup.Image, v.Image["id"])
			require.Equal(t, "ACTIVE", v.Status)
		}
	}
	list, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.True(t, list[0].PreRestore)
}

// An image whose bytes are not those that were stored is found, and no retention counts on it.
func TestAVerifiedBackupSaysSo(t *testing.T) {
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

// What the schedule starts runs the plan at the times that the plan means, and at no other.
func TestAScheduledBackupRunsWhenItIsDue(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.nightly(t, "web-1")
	for at, runs := range map[string]int{
		"2027-10-31T00:30:00Z": 1, // 02:30 for the first time
		"2027-10-31T01:30:00Z": 0, // and again
		"2027-03-28T01:00:00Z": 1, // 03:00, as 02:30 does not exist
	} {
		due, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		before, err := h.reader().List(t.Context())
		require.NoError(t, err)
		plan.ID = at // each is a task of its own
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

// The rounds start tasks in the manager's own name: one that looks at all agents, and one for each backup
// that nobody has looked at.
func TestRoundsOfTheManager(t *testing.T) {
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

// mark says that an instance is enrolled and has an agent.
func (h *testEnv) mark(t *testing.T, id, app string) error {
	t.Helper()
	now := time.Now()
	compute := &nova.Activities{Cloud: h.parts.Cloud}
	require.NoError(t, compute.SaveEnrollment(t.Context(), nova.SaveEnrollmentInput{ID: id, Enrollment: instance.Enrollment{At: now, Address: "192.168.10.2"}}))
	return compute.SetAgentStates(t.Context(), []nova.AgentStateUpdate{{ID: id, Agent: instance.AgentState{App: app, State: instance.Installed, Version: "1", Since: &now}}})
}
