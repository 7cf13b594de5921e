package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/notifications"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// notificationTimeout bounds the retries of a notification on each channel.
const notificationTimeout = 24 * time.Hour

// SendNotification delivers one notification to every channel independently: a channel that does not respond is retried for
// a day and does not delay the others. It is not a task, and outlives the workflow that started it. Its workflow ID is
// derived from the notification's ID, so that nothing is sent twice.
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
				workflow.GetLogger(ctx).Error("Notification status not saved", "error", e)
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
		workflow.GetLogger(ctx).Error("Notification failed", "channel", c.ID, "reason", o.Reason)
	}
	return o
}

// lastError returns the message of the last failed attempt.
func lastError(err error) i18n.Message {
	if cause := operation.LastFailure(err); cause != nil {
		return fault.MessageOf(cause)
	}
	return fault.MessageOf(err)
}

// saveRecord writes the delivery status to the memo, which lists show.
func saveRecord(ctx workflow.Context, status operation.Status, r notification.Record) error {
	if err := workflow.UpsertMemo(ctx, map[string]any{notification.Memo: r}); err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(operation.OutcomeKey).ValueSet(string(status)))
}

// closeRecord saves the final status and returns an error if a channel failed.
func closeRecord(ctx workflow.Context, r notification.Record) error {
	reasons := exhausted(r)
	if len(reasons) == 0 {
		return saveRecord(ctx, operation.Succeeded, r)
	}
	if err := saveRecord(ctx, operation.Failed, r); err != nil {
		return err
	}
	return fault.Final(&fault.Error{Kind: fault.Unavailable, Message: i18n.Join(reasons, "; ")})
}

func exhausted(r notification.Record) []i18n.Message {
	var reasons []i18n.Message
	for _, o := range r.Channels {
		if o.Status == notification.DeliveryFailed {
			reasons = append(reasons, i18n.Messagef("%s: %s", o.Address, o.Reason))
		}
	}
	return reasons
}

// TestNotificationInput starts a test of the channels.
type TestNotificationInput struct{}

// TestNotifications sends a notification to every channel once and reports the result of each. It fails if a channel
// fails.
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
	run.SetMessage("notification sent to %d channels", len(outcomes))
	record := notification.Record{Kind: n.Kind, Channels: outcomes}
	if err := workflow.UpsertMemo(ctx, map[string]any{notification.Memo: record}); err != nil {
		return err
	}
	if reasons := exhausted(record); len(reasons) > 0 {
		return fault.Final(fault.New(fault.Unavailable, nil, "delivery failed on %d of %d channels: %s", len(reasons), len(outcomes), i18n.Join(reasons, "; ")))
	}
	return nil
}

// startNotification starts the delivery of a notification. A notification that was started before is not sent again.
func startNotification(ctx workflow.Context, n notification.Notification) {
	free, _ := workflow.NewDisconnectedContext(ctx) // not cancelled here, because that would cancel the delivery
	if err := operation.StartDetached(free, n.WorkflowID(), SendNotification, n).GetChildWorkflowExecution().Get(free, nil); err != nil {
		workflow.GetLogger(ctx).Info("Notification already started", "notification", n.ID, "error", err)
	}
}

// notifyRunResult sends a notification about the result of a run: a failure with its instances and reasons, or a success,
// which is delivered only after a failure. A cancelled run sends nothing.
func notifyRunResult(ctx workflow.Context, run *operation.Run, p backup.Plan, err *error) {
	if temporal.IsCanceledError(*err) {
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

// notifyDamaged sends a notification that a backup is damaged.
func notifyDamaged(ctx workflow.Context, b backup.Backup, reason i18n.Message) {
	startNotification(ctx, notification.Notification{ID: "verify-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Failed, Plan: notification.Plan{ID: b.Plan, Name: b.PlanName},
		Instances: []notification.Instance{{ID: b.Instance, Name: b.InstanceName, Reason: reason}}, Task: operation.TaskID(ctx), At: workflow.Now(ctx)})
}
