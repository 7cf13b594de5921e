package worker_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// groupPlan returns a plan with a consistency group.
func (h *testEnv) groupPlan(t *testing.T, names ...string) backup.Plan {
	t.Helper()
	p := h.nightly(t, names...)
	p.Snapshot.ConsistencyGroup, p.Retention = true, backup.Retention{}
	return p
}

// requireRunning requires that each of the servers is running.
func (h *testEnv) requireRunning(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		_, status := h.server(t, name)
		require.Equal(t, "ACTIVE", status, name)
	}
}

// requireNoPartialImages requires that each of our images is a complete backup.
func (h *testEnv) requireNoPartialImages(t *testing.T) {
	t.Helper()
	s, err := h.parts.Cloud.Manager(t.Context())
	require.NoError(t, err)
	all, err := backup.Images(t.Context(), s)
	require.NoError(t, err)
	for _, image := range all {
		require.True(t, image.Complete, image.ID)
	}
}

func groupOperations() map[string]operationCase {
	return map[string]operationCase{
		"RunBackup consistency group": {workflow: workflows.RunBackup, before: func(t *testing.T, h *testEnv) { h.plan = h.groupPlan(t, "web-1", "web-2") },
			// The image of an instance that had ended when the others failed or were cancelled is a backup.
			kept: map[string]int{"glance/images": 1}, holds: func(t *testing.T, h *testEnv) {
				h.requireRunning(t, "web-1", "web-2")
				h.requireNoPartialImages(t)
			}, lacks: map[string]int{"glance/images": 1},
			input: func(h *testEnv) any { return workflows.RunBackupInput{Plan: h.plan} }},
	}
}

// All instances of a group are off before the first image is requested. Each is restarted, except the one that was off before.
func TestConsistencyGroup_stops_before_images(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	names := []string{"web-1", "web-2", "db-1", "mail-1", "build-1"}
	plan := h.groupPlan(t, append(names, "legacy-1")...)
	off, _ := h.server(t, "legacy-1")
	h.power(t, off, "os-stop", "SHUTOFF")
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	h.requireRunning(t, names...)
	_, status := h.server(t, "legacy-1")
	require.Equal(t, "SHUTOFF", status)
	all, err := h.reader().List(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 6)
	var last, first time.Time
	for _, id := range plan.Instances {
		if stop, ok := h.lastActionAt(t, id, "stop"); ok && stop.After(last) {
			last = stop
		}
		image, ok := h.lastActionAt(t, id, "createImage")
		require.True(t, ok)
		if first.IsZero() || image.Before(first) {
			first = image
		}
	}
	require.True(t, last.Before(first), "the last stop at %s, the first image at %s", last, first)
	for _, b := range all {
		require.Equal(t, backup.ColdGroup, b.Consistency)
		require.Equal(t, all[0].Task, b.Task)
	}
	in := &workflows.RunBackupInput{Plan: plan}
	in.KeepFailed(map[string]any{"hosts": map[string]any{plan.Instances[0]: map[string]any{"backup": map[string]any{"status": "failed", "reason": "it"}}, plan.Instances[1]: map[string]any{"backup": map[string]any{"status": "succeeded", "detail": "s-1"}}}})
	require.Equal(t, plan.Instances, in.Plan.Instances, "a group is repeated as a whole")
}

// lastActionAt returns the time of the last such action on a server.
func (h *testEnv) lastActionAt(t *testing.T, id, action string) (at time.Time, ok bool) {
	t.Helper()
	list := h.cloud.Raw(t, "demo", http.MethodGet, "/compute/v2.1/servers/"+id+"/os-instance-actions", "")
	for _, a := range list["instanceActions"].([]any) {
		one := a.(map[string]any)
		if one["action"] == action {
			at, err := time.Parse("2006-01-02T15:04:05.000000", one["start_time"].(string))
			require.NoError(t, err)
			return at, true
		}
	}
	return at, false
}

// If one instance cannot be shut off, the task names it, no image is created, and all instances are restarted.
func TestConsistencyGroup_aborted(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.groupPlan(t, "web-1", "web-2", "db-1")
	h.cloud.Control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":"nova","method":"POST","path_regex":"/servers/%s/action$","kind":"status","status":403,
		"body":{"forbidden":{"code":403,"message":"Policy doesn't allow os_compute_api:os-stop to be performed."}},"count":1}`, plan.Instances[2]))
	before := h.count(t)
	progress, err := h.progress(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.ErrorContains(t, err, "consistency group aborted, no image was created and all instances were restarted")
	require.ErrorContains(t, err, "db-1 cannot be shut off: nova: Policy doesn't allow os_compute_api:os-stop")
	require.Equal(t, operation.Failed, progress.Status)
	require.Equal(t, before, h.count(t), "no image is created")
	h.requireRunning(t, "web-1", "web-2", "db-1")
	h.run(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.Equal(t, before["glance/images"]+3, h.count(t)["glance/images"], "a later run succeeds")
}

// If an image fails after all instances are off, the other images are kept and the task partially fails.
func TestConsistencyGroup_incomplete(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	plan := h.groupPlan(t, "web-1", "web-2")
	h.cloud.Control(t, http.MethodPost, "/faults", `{"service":"glance","method":"POST","path_regex":"/images$","kind":"status","status":413,"body":"The request returned 413 Request Entity Too Large. Denying attempt to upload image because it exceeds the quota: The size of the data would exceed the quota","count":1}`)
	progress, err := h.progress(t, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.NoError(t, err)
	require.Equal(t, operation.PartiallyFailed, progress.Status)
	require.Contains(t, progress.Message.String(), "the consistency group is incomplete: 1 of 2 failed")
	h.requireRunning(t, "web-1", "web-2")
}

// A cancel while the group is being shut off restarts all instances.
func TestConsistencyGroup_cancelled(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	server := temporaltest.Start(t)
	plan := h.groupPlan(t, "web-1", "web-2", "db-1")
	h.cloud.Control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":"nova","method":"GET","path_regex":"/servers/%s$","kind":"status","status":503,"count":30}`, plan.Instances[2]))
	before := h.count(t)
	err := h.onServer(server, &faultInjector{}, func(id string) {
		go func() {
			for range 500 {
				if _, status := h.tryServer(plan.Instances[0]); status == "SHUTOFF" {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			_ = server.Client.CancelWorkflow(context.Background(), id, "")
		}()
	}, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.Error(t, err)
	h.requireRunning(t, "web-1", "web-2", "db-1")
	require.Equal(t, before, h.count(t))
}

// A terminated run, which runs no code of ours, leaves no instance shut off either.
func TestConsistencyGroup_terminated(t *testing.T) {
	t.Parallel()
	h := newTestEnv(t)
	server := temporaltest.Start(t)
	plan := h.groupPlan(t, "web-1", "web-2")
	h.cloud.Control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":"nova","method":"GET","path_regex":"/servers/%s$","kind":"status","status":503,"count":20}`, plan.Instances[1]))
	w := sdkworker.New(server.Client, "terminated", sdkworker.Options{Interceptors: worker.Interceptors(h.parts)})
	worker.Register(w, h.parts)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := server.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "set", TaskQueue: "terminated"}, workflows.RunBackup, workflows.RunBackupInput{Plan: plan})
	require.NoError(t, err)
	status := func(id string) string {
		_, is := h.tryServer(id)
		return is
	}
	require.Eventually(t, func() bool { return status(plan.Instances[0]) == "SHUTOFF" }, time.Minute, 10*time.Millisecond)
	require.NoError(t, server.Client.TerminateWorkflow(t.Context(), run.GetID(), "", "by force"))
	require.Eventually(t, func() bool {
		return status(plan.Instances[0]) == "ACTIVE" && status(plan.Instances[1]) == "ACTIVE" && h.over(server, plan.Instances)
	}, time.Minute, 100*time.Millisecond)
	h.requireNoPartialImages(t)
}

// over reports whether no workflow locks an instance any more.
func (h *testEnv) over(server *temporaltest.Server, ids []string) bool {
	for _, id := range ids {
		described, err := server.Client.DescribeWorkflowExecution(context.Background(), instanceID(id), "")
		if err == nil && described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return false
		}
	}
	return true
}

// tryServer returns name and status of a server, or "" if it cannot be read.
func (h *testEnv) tryServer(id string) (name, status string) {
	s, err := h.parts.Cloud.Manager(context.Background())
	if err != nil {
		return "", ""
	}
	all, err := s.Servers(context.Background())
	if err != nil {
		return "", ""
	}
	for _, v := range all {
		if v.ID == id {
			return v.Name, v.Status
		}
	}
	return "", ""
}
