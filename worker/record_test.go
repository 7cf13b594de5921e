package worker_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/notification/notificationtest"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/stack"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

var record = flag.Bool("record", false, "record histories for the replay test into workflows/testdata")

// recorder runs operations on a real server like the API and saves their histories.
type recorder struct {
	*testEnv
	server *temporaltest.Server
	dir    string
}

// TestRecord is run by `make record`. It records one history per workflow and case.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	r := &recorder{testEnv: newTestEnv(t), server: temporaltest.Start(t), dir: "../workflows/testdata"}
	r.parts.Converter = r.server.Ring.Converter()
	r.sendNotifications(t)
	w := sdkworker.New(r.server.Client, "record", sdkworker.Options{Interceptors: worker.Interceptors(r.parts)})
	worker.Register(w, r.parts)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	r.saveBackups(t)
	r.saveNotifications(t)
	r.save(t, "DeployStack.cancelled", r.cancelled(t, "stack.deploy", small(r.testEnv)))
	r.save(t, "DeployStack.blocked", r.blocked(t, "stack.deploy", small(r.testEnv)))
	nodes := 1
	r.save(t, "UpdateStack.ok", r.ok(t, "stack.update", workflows.UpdateStackInput{Name: "toolbox", Changes: stack.Changes{Nodes: &nodes}, UserToken: r.token}))
	r.save(t, "LaunchApp.failed", r.failed(t, "app.launch", workflows.LaunchAppInput{App: "ntp"}))
	r.save(t, "LaunchApp.ok", r.ok(t, "app.launch", workflows.LaunchAppInput{App: "ntp"}))
	settings := app.Settings{Parameters: map[string]any{"local_stratum": 5.0}}
	r.save(t, "ConfigureApp.ok", r.ok(t, "app.configure", workflows.ConfigureAppInput{App: "ntp", Settings: settings}))
	r.save(t, "StopApp.ok", r.ok(t, "app.stop", workflows.StopAppInput{App: "ntp"}))
	r.save(t, "ConfigureApp.stopped", r.ok(t, "app.configure", workflows.ConfigureAppInput{App: "ntp"}))
	r.save(t, "UninstallApp.retained", r.ok(t, "app.uninstall", workflows.UninstallAppInput{App: "ntp"}))
	r.save(t, "LaunchApp.adopted", r.ok(t, "app.launch", workflows.LaunchAppInput{App: "ntp"}))
	r.save(t, "UninstallApp.deleted", r.ok(t, "app.uninstall", workflows.UninstallAppInput{App: "ntp", DeleteVolume: true}))
	r.saveInstances(t)
	r.save(t, "DeleteStack.ok", r.ok(t, "stack.delete", workflows.DeleteStackInput{Name: "toolbox", UserToken: r.token}))
}

// saveBackups records the operations on backups and a scheduled backup.
func (r *recorder) saveBackups(t *testing.T) {
	t.Helper()
	plan := r.nightly(t, "web-1", "db-1")
	plan.Retention.Last = 1
	r.save(t, "RunBackup.ok", r.ok(t, "backup.run", workflows.RunBackupInput{Plan: plan}))
	id := instanceID(plan.Instances[0])
	r.save(t, "BackupInstance.snapshot", r.server.Client.GetWorkflow(t.Context(), id, ""))
	due, err := r.server.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "scheduled", TaskQueue: "record"}, workflows.ScheduledBackup, plan)
	require.NoError(t, err)
	require.NoError(t, due.Get(t.Context(), nil))
	r.save(t, "ScheduledBackup.ok", due)
	r.save(t, "PruneBackups.ok", r.ok(t, "backup.prune", workflows.PruneBackupsInput{Plan: plan}))
	all, err := r.reader().List(t.Context())
	require.NoError(t, err)
	at := slices.IndexFunc(all, func(b backup.Backup) bool { return b.Instance == plan.Instances[0] })
	r.save(t, "VerifyBackup.image", r.ok(t, "backup.verify", workflows.VerifyBackupInput{Backup: all[at]}))
	r.save(t, "RestoreInstance.disk", r.ok(t, "instance.restore", workflows.RestoreInstanceInput{Backup: all[at], Instance: plan.Instances[0]}))
	r.save(t, "SafetySnapshot.ok", r.server.Client.GetWorkflow(t.Context(), "safety:"+plan.Instances[0], ""))
	r.save(t, "RunBackup.consistency_group", r.ok(t, "backup.run", workflows.RunBackupInput{Plan: r.groupPlan(t, "web-1", "db-1")}))
	r.save(t, "BackupInstance.consistency_group", r.server.Client.GetWorkflow(t.Context(), id, ""))
	volumes := r.createVolumeBacked(t, "vol-1")
	r.snapshot(t, "vol-1")
	r.save(t, "RestoreInstance.new_server", r.ok(t, "instance.restore", workflows.RestoreInstanceInput{Backup: r.backup, Instance: volumes, NewServerName: "vol-2"}))
}

// sendNotifications configures a notification channel.
func (r *recorder) sendNotifications(t *testing.T) {
	t.Helper()
	hook := notificationtest.StartReceiver(t)
	var err error
	r.parts.Notifier, err = notification.Open(notification.Config{WebhookURLs: []string{hook.URL}, SecretFile: hook.SecretFile(), Language: "en", PublicURL: "http://127.0.0.1:8080"})
	require.NoError(t, err)
	r.parts.Runs = &task.Service{Temporal: r.server.Client, Namespace: temporaltest.Namespace, Converter: r.parts.Converter}
	r.parts.Plans = &fakePlans{Plans: &backup.Plans{Temporal: r.server.Client, Converter: r.parts.Converter}}
}

// saveNotifications records a failed run with its notification, a test notification, and a plan check that reports missed runs.
func (r *recorder) saveNotifications(t *testing.T) {
	t.Helper()
	plan := r.nightly(t, "web-1", "db-1")
	r.cloud.Control(t, http.MethodPost, "/faults", `{"service":"nova","method":"POST","path_regex":"/action$","kind":"status","status":413,"count":50}`)
	run := r.start(t, "backup.run", workflows.RunBackupInput{Plan: plan})
	require.Error(t, run.Get(t.Context(), nil))
	r.cloud.Control(t, http.MethodDelete, "/faults", "")
	r.save(t, "RunBackup.failed", run)
	r.saveNotification(t, "SendNotification.ok", "run-"+run.GetRunID())
	r.save(t, "RunBackup.notified", r.ok(t, "backup.run", workflows.RunBackupInput{Plan: plan}))
	r.save(t, "TestNotifications.ok", r.ok(t, "notification.test", workflows.TestNotificationInput{}))
	known := r.parts.Plans.(*fakePlans)
	runPlanCheck(t, r.server, "record")
	known.plans = []backup.PlanStatus{{Plan: plan}}
	known.plans[0].Missed, known.plans[0].CreatedAt = 3, time.Now().AddDate(0, 0, -3)
	id := runPlanCheck(t, r.server, "record")
	r.save(t, "CheckPlanHealth.ok", r.server.Client.GetWorkflow(t.Context(), id, ""))
}

func (r *recorder) saveNotification(t *testing.T, name, id string) {
	t.Helper()
	delivery := r.server.Client.GetWorkflow(t.Context(), notification.Notification{ID: id}.WorkflowID(), "")
	require.NoError(t, delivery.Get(t.Context(), nil))
	r.save(t, name, delivery)
}

// saveSoft records the operations on file backups and returns a remaining backup.
func (r *recorder) saveSoft(t *testing.T, id string) backup.Backup {
	t.Helper()
	plan := r.nightly(t, "web-2")
	plan.Method, plan.Directories, plan.Retention = backup.FileLevel, []string{"/config"}, backup.Retention{}
	r.save(t, "RunBackup.soft", r.ok(t, "backup.run", workflows.RunBackupInput{Plan: plan}))
	r.save(t, "BackupInstance.soft", r.server.Client.GetWorkflow(t.Context(), instanceID(id), ""))
	b := r.soft(t)[0]
	r.save(t, "VerifyBackup.restore_test", r.ok(t, "backup.verify", workflows.VerifyBackupInput{Backup: b, RestoreTest: true}))
	r.save(t, "RestoreInstance.files", r.ok(t, "instance.restore", workflows.RestoreInstanceInput{Backup: b, Instance: id, Paths: []string{"/config"}, Target: "/back"}))
	r.ok(t, "backup.run", workflows.RunBackupInput{Plan: plan})
	r.save(t, "PruneBackups.soft", r.ok(t, "backup.prune", workflows.PruneBackupsInput{Backups: []string{b.ID}}))
	return r.soft(t)[0]
}

func instanceID(id string) string { return operation.Target{Kind: "instance", ID: id}.WorkflowID() }

// saveInstances records the operations on instances, with an app and its agent.
func (r *recorder) saveInstances(t *testing.T) {
	t.Helper()
	r.ok(t, "app.launch", workflows.LaunchAppInput{App: "ntp"})
	in := r.enrollment(t, "web-2")
	in.Agents = []string{"ntp"}
	r.save(t, "EnrollInstance.ok", r.ok(t, "instance.enroll", in))
	r.save(t, "ConnectInstance.ok", r.ok(t, "instance.connect", workflows.ConnectInstanceInput{ID: in.ID, Address: in.SourceIP}))
	agents := workflows.AgentsInput{Action: workflows.CheckAgents, Apps: []string{"ntp"}, Instances: []string{in.ID, "00000000-0000-4000-8000-000000000000"}}
	r.save(t, "RunAgents.partially_failed", r.ok(t, "agent.check", agents))
	r.snapshot(t, "web-2")
	r.save(t, "RestoreInstance.agents", r.ok(t, "instance.restore", workflows.RestoreInstanceInput{Backup: r.backup, Instance: in.ID}))
	last := r.saveSoft(t, in.ID)
	r.save(t, "UnenrollInstance.ok", r.ok(t, "instance.unenroll", workflows.UnenrollInstanceInput{ID: in.ID}))
	r.cloud.Raw(t, "demo", http.MethodDelete, "/compute/v2.1/servers/"+in.ID, "")
	require.Eventually(t, func() bool { return !r.has(t, "nova", "servers", in.ID) }, 10*time.Second, 20*time.Millisecond)
	r.save(t, "PruneBackups.deleted_instance", r.ok(t, "backup.prune", workflows.PruneBackupsInput{Backups: []string{last.ID}}))
	r.ok(t, "app.uninstall", workflows.UninstallAppInput{App: "ntp", DeleteVolume: true})
}

func (r *recorder) start(t *testing.T, name string, input any) client.WorkflowRun {
	t.Helper()
	op := workflows.ByName()[name]
	r.runs++
	request := operation.Request{Operation: name, Targets: []operation.Target{{Kind: "test", ID: fmt.Sprint(r.runs), Name: "test"}}, Actor: operation.Actor{ID: "demo", Name: "demo"}, Via: "api"}
	run, err := r.server.Client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: request.Targets[0].WorkflowID(), TaskQueue: "record", Memo: map[string]any{operation.RequestMemo: request},
		TypedSearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword(operation.OperationKey).ValueSet(name)),
	}, op.Workflow, input)
	require.NoError(t, err)
	return run
}

func (r *recorder) ok(t *testing.T, op string, input any) client.WorkflowRun {
	t.Helper()
	run := r.start(t, op, input)
	require.NoError(t, run.Get(t.Context(), nil), op)
	return run
}

func (r *recorder) cancelled(t *testing.T, op string, input any) client.WorkflowRun {
	t.Helper()
	run := r.start(t, op, input)
	r.await(t, run, func(p operation.Progress) bool { return p.Steps[1].Status != operation.Queued })
	require.NoError(t, r.server.Client.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	require.True(t, temporal.IsCanceledError(run.Get(t.Context(), nil)))
	return run
}

// blocked makes the stack exceed a quota, and then retries.
func (r *recorder) blocked(t *testing.T, op string, input any) client.WorkflowRun {
	t.Helper()
	r.cloud.Control(t, http.MethodPost, "/faults", `{"service":"nova","method":"POST","path_regex":"/servers$","count":1,"kind":"status","status":403,
		"body":{"forbidden":{"code":403,"message":"Quota exceeded for instances: Requested 1, but already used 30 of 30 instances"}}}`)
	run := r.start(t, op, input)
	r.await(t, run, func(p operation.Progress) bool { return p.Status == operation.Blocked })
	handle, err := r.server.Client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{WorkflowID: run.GetID(), UpdateName: operation.RetryUpdate,
		Args: []any{operation.Retry{UserToken: r.token}}, WaitForStage: client.WorkflowUpdateStageCompleted})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
	require.NoError(t, run.Get(t.Context(), nil))
	return run
}

// failed makes Cinder refuse the app's volume permanently.
func (r *recorder) failed(t *testing.T, op string, input any) client.WorkflowRun {
	t.Helper()
	r.cloud.Control(t, http.MethodPost, "/faults", `{"service":"cinder","method":"POST","path_regex":"/volumes$","count":1,"kind":"status","status":400,
		"body":{"badRequest":{"code":400,"message":"Invalid input received"}}}`)
	run := r.start(t, op, input)
	require.Error(t, run.Get(t.Context(), nil))
	return run
}

func (r *recorder) await(t *testing.T, run client.WorkflowRun, enough func(operation.Progress) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		value, err := r.server.Client.QueryWorkflow(context.Background(), run.GetID(), run.GetRunID(), operation.ProgressQuery)
		if err != nil {
			return false
		}
		var p operation.Progress
		return value.Get(&p) == nil && enough(p)
	}, time.Minute, 20*time.Millisecond)
}

// save writes the decrypted history with the token redacted.
func (r *recorder) save(t *testing.T, name string, run client.WorkflowRun) {
	t.Helper()
	events := r.server.Client.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	history := &historypb.History{}
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, e)
	}
	require.NoError(t, proxy.VisitPayloads(t.Context(), history, proxy.VisitPayloadsOptions{
		Visitor: func(_ *proxy.VisitPayloadsContext, encrypted []*commonpb.Payload) ([]*commonpb.Payload, error) {
			plain, err := r.server.Ring.Decode(encrypted)
			for _, p := range plain {
				p.Data = bytes.ReplaceAll(p.Data, []byte(r.token), []byte("REDACTED"))
			}
			return plain, err
		},
	}))
	raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(r.dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, name+".json"), append(raw, '\n'), 0o644))
}
