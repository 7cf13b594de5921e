package worker_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/notification/notificationtest"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/sandbox/sandboxtest"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// notificationEnv is a test environment on a real server with receivers of notifications.
type notificationEnv struct {
	*testEnv
	server *temporaltest.Server
	tasks  *task.Service
	board  *notification.StatusReader
	mail   *notificationtest.MailServer
	hook   *notificationtest.Receiver
	plans  *fakePlans
}

// fakePlans lists the given plans.
type fakePlans struct {
	*backup.Plans
	plans []backup.PlanStatus
}

func (s *fakePlans) List(context.Context, string, int) ([]backup.PlanStatus, bool, error) {
	return s.plans, false, nil
}

func newNotificationEnv(t *testing.T) *notificationEnv {
	t.Helper()
	return newNotificationEnvOn(t, newTestEnv(t))
}

func newNotificationEnvOn(t *testing.T, h *testEnv) *notificationEnv {
	t.Helper()
	o := &notificationEnv{testEnv: h, server: temporaltest.Start(t), mail: notificationtest.StartMail(t), hook: notificationtest.StartReceiver(t), plans: &fakePlans{}}
	o.parts.Converter = o.server.Ring.Converter()
	var err error
	o.parts.Notifier, err = notification.Open(notification.Config{MailTo: []string{"ops@example.org"}, MailFrom: "mcm@example.org", SMTPAddress: o.mail.Address, SMTPUser: notificationtest.User,
		SMTPPasswordFile: o.mail.PasswordFile(), SMTPCAFile: o.mail.CAFile, WebhookURLs: []string{o.hook.URL}, SecretFile: o.hook.SecretFile(), Language: "en", PublicURL: "https://mcm.example.org"})
	require.NoError(t, err)
	o.tasks = &task.Service{Temporal: o.server.Client, Namespace: temporaltest.Namespace, TaskQueue: "office", Converter: o.parts.Converter,
		Operations: workflows.ByName(), StepTitles: workflows.StepTitles()}
	o.board = &notification.StatusReader{Notifier: o.parts.Notifier, Temporal: o.server.Client, Namespace: temporaltest.Namespace, Converter: o.parts.Converter}
	o.plans.Plans = &backup.Plans{Temporal: o.server.Client, Converter: o.parts.Converter}
	o.parts.Runs, o.parts.Plans = o.tasks, o.plans
	w := sdkworker.New(o.server.Client, "office", sdkworker.Options{Interceptors: worker.Interceptors(o.parts)})
	worker.Register(w, o.parts)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return o
}

// begin starts an operation like the API.
func (o *notificationEnv) begin(t *testing.T, op string, input any, targets ...operation.Target) task.Task {
	t.Helper()
	task, err := o.tasks.Start(t.Context(), task.StartRequest{Operation: workflows.ByName()[op], Input: input,
		Request: operation.Request{Operation: op, Targets: targets, Actor: operation.Actor{ID: "u", Name: "anna"}, Via: "api"}})
	require.NoError(t, err)
	return task
}

// ended waits for a task's end.
func (o *notificationEnv) ended(t *testing.T, id string) task.Task {
	t.Helper()
	var task task.Task
	require.Eventually(t, func() bool {
		var err error
		task, err = o.tasks.Get(t.Context(), id)
		require.NoError(t, err)
		return task.Status.Closed()
	}, time.Minute, 50*time.Millisecond)
	return task
}

// backUp runs the plan and requires the status of the task.
func (o *notificationEnv) backUp(t *testing.T, p backup.Plan, want operation.Status) task.Task {
	t.Helper()
	task := o.ended(t, o.begin(t, "backup.run", workflows.RunBackupInput{Plan: p}, workflows.RunTargets(p)...).ID)
	require.Equal(t, want, task.Status, task.Message)
	return task
}

// settle waits until no delivery is in progress.
func (o *notificationEnv) settle(t *testing.T) {
	t.Helper()
	open := func() bool {
		response, err := o.server.Client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: temporaltest.Namespace,
			Query: "WorkflowType = 'SendNotification' AND ExecutionStatus = 'Running'"})
		require.NoError(t, err)
		return len(response.Executions) == 0
	}
	time.Sleep(300 * time.Millisecond) // visibility lags behind a start
	require.Eventually(t, open, time.Minute, 100*time.Millisecond)
	response, err := o.server.Client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: temporaltest.Namespace,
		Query: "WorkflowType = 'SendNotification' AND ExecutionStatus IN ('Canceled', 'Terminated')"})
	require.NoError(t, err)
	require.Empty(t, response.Executions, "a delivery outlives the workflow that started it")
}

// kinds returns the kinds of the received notifications in order, and requires that both channels received the same.
func (o *notificationEnv) kinds(t *testing.T) []string {
	t.Helper()
	o.settle(t)
	var out []string
	calls, mails := o.hook.Calls(), o.mail.Messages()
	require.Len(t, mails, len(calls), "each notification arrives once on each channel")
	for i, c := range calls {
		require.Equal(t, "<"+c.ID+"@example.org>", mails[i].Header.Get("Message-Id"))
		out = append(out, c.Body.Data.Kind)
	}
	return out
}

func (o *notificationEnv) refuse(t *testing.T, instances ...string) {
	t.Helper()
	o.cloud.Control(t, http.MethodDelete, "/faults", "")
	for _, id := range instances {
		o.cloud.Control(t, http.MethodPost, "/faults", fmt.Sprintf(`{"service":"nova","method":"POST","path_regex":"/servers/%s/action$","kind":"status","status":413,"message":"Quota exceeded","count":50}`, id))
	}
}

// Each failed run is notified once on each channel with instances and reasons, and so is the first success after it.
func TestNotifications_run_results(t *testing.T) {
	o := newNotificationEnv(t)
	plan := o.nightly(t, "web-1", "db-1")
	o.backUp(t, plan, operation.Succeeded)
	require.Empty(t, o.kinds(t), "nothing had failed")

	o.refuse(t, plan.Instances[1])
	task := o.backUp(t, plan, operation.PartiallyFailed)
	require.Equal(t, []string{"partially_failed"}, o.kinds(t))
	sent := o.hook.Calls()[0].Body.Data
	require.Equal(t, "nightly", sent.Plan.Name)
	require.Equal(t, "https://mcm.example.org/tasks/"+task.ID, sent.URL)
	require.Len(t, sent.Instances, 1)
	require.Equal(t, "db-1", sent.Instances[0].Name)
	require.Contains(t, sent.Instances[0].Reason, "Too Large")
	require.Contains(t, o.mail.Messages()[0].Body, "db-1")

	o.refuse(t, plan.Instances...)
	o.backUp(t, plan, operation.Failed)
	o.backUp(t, plan, operation.Failed)
	require.Equal(t, []string{"partially_failed", "failed", "failed"}, o.kinds(t), "each failed run is notified")

	o.refuse(t)
	cancelled := o.begin(t, "backup.run", workflows.RunBackupInput{Plan: plan}, workflows.RunTargets(plan)...)
	_, err := o.tasks.Cancel(t.Context(), cancelled.ID)
	require.NoError(t, err)
	require.Equal(t, operation.Cancelled, o.ended(t, cancelled.ID).Status)
	for range 2 {
		o.backUp(t, plan, operation.Succeeded)
		require.Equal(t, []string{"partially_failed", "failed", "failed", "recovered"}, o.kinds(t), "the first success is notified, a cancel is not")
	}
	o.requireNoSecrets(t)
}

// requireNoSecrets decrypts every history of a delivery and requires that it holds no secrets.
func (o *notificationEnv) requireNoSecrets(t *testing.T) {
	t.Helper()
	response, err := o.server.Client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: temporaltest.Namespace, Query: "WorkflowType IN ('SendNotification', 'TestNotifications')"})
	require.NoError(t, err)
	require.NotEmpty(t, response.Executions)
	var observed strings.Builder
	for _, e := range response.Executions {
		events := o.server.Client.GetWorkflowHistory(t.Context(), e.Execution.WorkflowId, e.Execution.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			require.NoError(t, proxy.VisitPayloads(t.Context(), event, proxy.VisitPayloadsOptions{
				Visitor: func(_ *proxy.VisitPayloadsContext, encrypted []*commonpb.Payload) ([]*commonpb.Payload, error) {
					plain, err := o.server.Ring.Decode(encrypted)
					for _, p := range plain {
						observed.Write(p.Data)
					}
					return plain, err
				}}))
			observed.WriteString(event.String())
		}
	}
	require.Contains(t, observed.String(), "ops@example.org", "the decrypted payloads are readable")
	for _, secret := range []string{notificationtest.Password, strings.TrimPrefix(notificationtest.Secret, "whsec_"), notificationtest.UserInfo, notificationtest.Query} {
		require.NotContains(t, observed.String(), secret)
	}
}

// An unavailable receiver gets the notification once when it is available again, and does not delay other channels.
func TestNotifications_unavailable_receiver(t *testing.T) {
	o := newNotificationEnv(t)
	plan := o.nightly(t, "web-1")
	o.refuse(t, plan.Instances...)
	o.hook.Respond(http.StatusServiceUnavailable)
	o.backUp(t, plan, operation.Failed)
	require.Eventually(t, func() bool { return o.hook.Tries() > 1 }, time.Minute, 100*time.Millisecond)
	require.Len(t, o.mail.Messages(), 1, "the other channel does not wait")
	require.Empty(t, o.hook.Calls())
	last := o.last(t)
	require.Equal(t, notification.Delivered, last["mail"].Status)
	require.Equal(t, notification.Retrying, last["webhook"].Status)
	require.Contains(t, last["webhook"].Reason.String(), "503")

	test := o.ended(t, o.begin(t, "notification.test", workflows.TestNotificationInput{}, notification.TestTarget).ID)
	require.Equal(t, operation.Failed, test.Status)
	require.Contains(t, test.Message, "delivery failed on 1 of 2 channels")
	require.Contains(t, test.Message, "503")
	require.NotContains(t, test.Message, "hunter")
	require.Len(t, test.Result["channels"], 2)
	require.Equal(t, notification.DeliveryFailed, o.last(t)["webhook"].Status)

	o.hook.Respond(0)
	require.Eventually(t, func() bool { return len(o.hook.Calls()) > 0 }, time.Minute, 100*time.Millisecond)
	o.settle(t)
	require.Len(t, o.hook.Calls(), 1)
	require.Len(t, o.mail.Messages(), 2, "the notification and the test")
	last = o.last(t)
	require.Equal(t, notification.Delivery{Status: notification.Delivered, AttemptedAt: last["webhook"].AttemptedAt, Kind: notification.Failed, PlanName: "nightly"}, *last["webhook"])

	test = o.ended(t, o.begin(t, "notification.test", workflows.TestNotificationInput{}, notification.TestTarget).ID)
	require.Equal(t, operation.Succeeded, test.Status, test.Message)
	require.Equal(t, "test", o.hook.Calls()[1].Body.Data.Kind)
}

func (o *notificationEnv) last(t *testing.T) map[string]*notification.Delivery {
	t.Helper()
	time.Sleep(300 * time.Millisecond) // visibility lags behind a memo
	list, err := o.board.Channels(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	return map[string]*notification.Delivery{string(list[0].Kind): list[0].Last, string(list[1].Kind): list[1].Last}
}

// runPlanCheck runs CheckPlanHealth through its schedule, so that it receives the previous result. It returns the ID of the
// workflow.
func runPlanCheck(t *testing.T, server *temporaltest.Server, queue string) string {
	t.Helper()
	handle := server.Client.ScheduleClient().GetHandle(t.Context(), "check:plans")
	before := 0
	if d, err := handle.Describe(t.Context()); err == nil {
		before = d.Info.NumActions
		require.NoError(t, handle.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
	} else {
		_, err := server.Client.ScheduleClient().Create(t.Context(), client.ScheduleOptions{ID: "check:plans", TriggerImmediately: true,
			Action: &client.ScheduleWorkflowAction{ID: "check:plans", Workflow: workflows.CheckPlanHealth, Args: []any{schedule.Initiator{}}, TaskQueue: queue}})
		require.NoError(t, err)
	}
	id := ""
	require.Eventually(t, func() bool {
		d, err := handle.Describe(t.Context())
		require.NoError(t, err)
		if n := len(d.Info.RecentActions); n > 0 {
			id = d.Info.RecentActions[n-1].StartWorkflowResult.WorkflowID
		}
		return d.Info.NumActions > before && len(d.Info.RunningWorkflows) == 0
	}, time.Minute, 100*time.Millisecond)
	return id
}

func (o *notificationEnv) checkPlans(t *testing.T) {
	t.Helper()
	runPlanCheck(t, o.server, "office")
	o.settle(t)
}

// Missed runs are notified once with their number, and an overdue plan is notified once until it has a good backup again.
func TestNotifications_missed_runs_and_overdue_plans(t *testing.T) {
	o := newNotificationEnv(t)
	p := backup.PlanStatus{Plan: o.nightly(t, "web-1")}
	p.CreatedAt = time.Now()
	hours := backup.PlanStatus{Plan: backup.Plan{ID: "0199", Name: "hourly", Schedule: backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "UTC"},
		CreatedAt: time.Now().Add(-time.Minute).Truncate(time.Hour).Add(-4*time.Hour - 30*time.Minute)}, Missed: 5}
	o.plans.plans = []backup.PlanStatus{p}
	o.checkPlans(t)
	o.plans.plans = []backup.PlanStatus{p, hours}
	o.checkPlans(t)
	require.Equal(t, []string{"missed"}, o.kinds(t))
	o.plans.plans[1].Missed = 10 // Temporal counts the same again
	o.checkPlans(t)
	o.checkPlans(t)
	require.Equal(t, []string{"missed"}, o.kinds(t))
	require.Equal(t, 5, o.hook.Calls()[0].Body.Data.Missed)
	require.Contains(t, o.hook.Calls()[0].Body.Text, "missed 5 run(s)")
	time.Sleep(300 * time.Millisecond) // visibility lags behind
	observed, err := o.plans.Observation(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5, observed["0199"].Missed, "shown by the API")

	o.plans.plans = []backup.PlanStatus{p}
	o.plans.plans[0].CreatedAt = time.Now().AddDate(0, 0, -3)
	o.checkPlans(t)
	require.Equal(t, []string{"missed"}, o.kinds(t), "a run may just be starting")
	for range 3 {
		o.checkPlans(t)
		require.Equal(t, []string{"missed", "overdue"}, o.kinds(t))
	}
	require.Equal(t, "web-1", o.hook.Calls()[1].Body.Data.Instances[0].Name)
	o.backUp(t, p.Plan, operation.Succeeded)
	o.checkPlans(t)
	o.checkPlans(t)
	require.Equal(t, []string{"missed", "overdue"}, o.kinds(t))
}

// A damaged backup is notified.
func TestNotifications_damaged_backup(t *testing.T) {
	var damaged atomic.Bool
	o := newNotificationEnvOn(t, newTestEnvOn(t, sandboxtest.StartBehind(t, t.TempDir(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if damaged.Load() && strings.HasSuffix(r.URL.Path, "/file") {
				_, _ = io.WriteString(w, "other bytes")
				return
			}
			next.ServeHTTP(w, r)
		})
	})))
	plan := o.nightly(t, "web-1")
	plan.Retention = backup.Retention{}
	o.backUp(t, plan, operation.Succeeded)
	all, err := o.reader().List(t.Context())
	require.NoError(t, err)
	damaged.Store(true)
	task := o.ended(t, o.begin(t, "backup.verify", workflows.VerifyBackupInput{Backup: all[0]}, all[0].Target()).ID)
	require.Equal(t, operation.Failed, task.Status)
	require.Equal(t, []string{"failed"}, o.kinds(t))
	require.Equal(t, "web-1", o.hook.Calls()[0].Body.Data.Instances[0].Name)
}
