package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/notifications"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
)

// notificationTimeout is how long a notification is tried on each channel before it is given up.
const notificationTimeout = 24 * time.Hour

// SendNotification delivers one notification to every channel, to each by itself: one that does not answer is tried
// for a day and keeps no other waiting. It is no task, and outlives whatever has started it. Its id is the
// notification's, so that nothing is sent twice.
func SendNotification(ctx workflow.Context, n notification.Notification) error {
	var (
		post  *notifications.Activities
		ready notifications.PreparedNotification
	)
	if err := workflow.ExecuteActivity(operation.RetryFor(ctx, notificationTimeout, ""), post.PrepareNotification, n).Get(ctx, &ready); err != nil {
		return fault.Final(err)
	}
	if len(ready.Channels) == 0 {
		return nil
	}
	record := notification.Record{Kind: n.Kind, Plan: n.Plan}
	for _, c := range ready.Channels {
		record.Channels = append(record.Channels, notification.DeliveryAttempt{Channel: c, Status: notification.Retrying, AttemptedAt: workflow.Now(ctx)})
	}
	if err := saveRecord(ctx, operation.Running, record); err != nil {
		return err
	}
	all := workflow.NewWaitGroup(ctx)
	for i, c := range ready.Channels {
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			in := notifications.DeliverNotificationInput{Channel: c.ID, Notification: ready.Notification}
			err := workflow.ExecuteActivity(operation.RetryFor(ctx, notificationTimeout, c.ID), post.DeliverNotification, in).Get(ctx, nil)
			record.Channels[i] = deliveryOutcome(ctx, c, err)
			if e := saveRecord(ctx, operation.Running, record); e != nil {
				workflow.GetLogger(ctx).Error("What became of a notification is not kept", "error", e)
			}
		})
	}
	all.Wait(ctx)
	return closeRecord(ctx, record)
}

func deliveryOutcome(ctx workflow.Context, c notification.Channel, err error) notification.DeliveryAttempt {
	o := notification.DeliveryAttempt{Channel: c, Status: notification.Delivered, AttemptedAt: workflow.Now(ctx)}
	if err != nil {
		o.Status, o.Reason = notification.DeliveryFailed, lastError(err)
		workflow.GetLogger(ctx).Error("A notification is given up", "channel", c.ID, "why", o.Reason)
	}
	return o
}

// lastError is what went wrong last when time has run out.
func lastError(err error) string {
	if cause := operation.LastFailure(err); cause != nil {
		return fault.MessageOf(cause)
	}
	return fault.MessageOf(err)
}

// saveRecord leaves in the memo what became of the notification so far: lists show it.
func saveRecord(ctx workflow.Context, status operation.Status, r notification.Record) error {
	if err := workflow.UpsertMemo(ctx, map[string]any{notification.Memo: r}); err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(operation.OutcomeKey).ValueSet(string(status)))
}

// closeRecord says how the delivery has ended.
func closeRecord(ctx workflow.Context, r notification.Record) error {
	why := exhausted(r)
	if len(why) == 0 {
		return saveRecord(ctx, operation.Succeeded, r)
	}
	if err := saveRecord(ctx, operation.Failed, r); err != nil {
		return err
	}
	return fault.Final(fault.New(fault.Unavailable, nil, "%s", strings.Join(why, "; ")))
}

func exhausted(r notification.Record) []string {
	var why []string
	for _, o := range r.Channels {
		if o.Status == notification.DeliveryFailed {
			why = append(why, o.Address+": "+o.Reason)
		}
	}
	return why
}

// TestNotificationInput asks for a test of the channels.
type TestNotificationInput struct{}

// TestNotifications sends a notification to every channel, once, and says how each took it. It fails when one did not.
func TestNotifications(ctx workflow.Context, _ TestNotificationInput) (err error) {
	var (
		post     *notifications.Activities
		outcomes []notification.DeliveryAttempt
	)
	run, err := operation.Begin(ctx, post.SendTestNotification)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	n := notification.Notification{ID: "test-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Test, At: workflow.Now(ctx)}
	if err := run.Call(ctx, post.SendTestNotification, n, &outcomes); err != nil {
		return err
	}
	run.Result("channels", outcomes)
	run.SetMessage("%d channels were asked to take a notification", len(outcomes))
	record := notification.Record{Kind: n.Kind, Channels: outcomes}
	if err := workflow.UpsertMemo(ctx, map[string]any{notification.Memo: record}); err != nil {
		return err
	}
	if why := exhausted(record); len(why) > 0 {
		return fault.Final(fault.New(fault.Unavailable, nil, "%d of %d channels do not take notifications: %s", len(why), len(outcomes), strings.Join(why, "; ")))
	}
	return nil
}

// notificationsVersion marks runs of releases that send notifications.
const notificationsVersion = "notifications"

func sendsNotifications(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, notificationsVersion, workflow.DefaultVersion, 1) > workflow.DefaultVersion
}

// startNotification hands a notification over for delivery. One that was handed over before is not sent again.
func startNotification(ctx workflow.Context, n notification.Notification) {
	free, _ := workflow.NewDisconnectedContext(ctx) // to end it would cancel the delivery
	if err := operation.StartDetached(free, n.WorkflowID(), SendNotification, n).GetChildWorkflowExecution().Get(free, nil); err != nil {
		workflow.GetLogger(ctx).Info("A notification is not sent again", "notification", n.ID, "error", err)
	}
}

// notifyRunResult sends the notification of how a run of a plan has ended: that it failed, on which instances and why,
// or that it succeeded, which is told only after a failure. Of a run that somebody cancelled nothing is told.
func notifyRunResult(ctx workflow.Context, run *operation.Run, p backup.Plan, err *error) {
	if !sendsNotifications(ctx) || temporal.IsCanceledError(*err) {
		return
	}
	n := notification.Notification{ID: "run-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Recovered, Plan: notification.Plan{ID: p.ID, Name: p.Name},
		Task: operation.TaskID(ctx), At: workflow.Now(ctx)}
	lines := outcomes(run)
	for _, id := range workflow.DeterministicKeys(lines) {
		if o := lines[id][backupColumn]; o.Failed() {
			n.Kind, n.Instances = notification.PartiallyFailed, append(n.Instances, notification.Instance{ID: id, Name: id, Reason: o.Reason})
		}
	}
	if *err != nil {
		n.Kind = notification.Failed
		if len(n.Instances) == 0 {
			n.Reason = fault.MessageOf(*err)
		}
	}
	startNotification(ctx, n)
}

// notifyDamaged sends the notification that a backup cannot be relied on.
func notifyDamaged(ctx workflow.Context, b backup.Backup, why string) {
	if !sendsNotifications(ctx) {
		return
	}
	startNotification(ctx, notification.Notification{ID: "verify-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Failed, Plan: notification.Plan{ID: b.Plan, Name: b.PlanName},
		Instances: []notification.Instance{{ID: b.Instance, Name: b.InstanceName, Reason: why}}, Task: operation.TaskID(ctx), At: workflow.Now(ctx)})
}
