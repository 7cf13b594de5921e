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

// noticePatience is how long a notice is tried on each channel before it is given up.
const noticePatience = 24 * time.Hour

// SendNotice delivers one notice to every channel, to each by itself: one that does not answer is tried
// for a day and keeps no other waiting. It is no task, and outlives whatever has started it. Its id is the
// notice's, so that nothing is sent twice.
func SendNotice(ctx workflow.Context, n notification.Notice) error {
	var (
		post  *notifications.Activities
		ready notifications.Prepared
	)
	if err := workflow.ExecuteActivity(operation.Deliver(ctx, noticePatience, ""), post.PrepareNotice, n).Get(ctx, &ready); err != nil {
		return fault.Final(err)
	}
	if len(ready.Channels) == 0 {
		return nil
	}
	record := notification.Record{Kind: n.Kind, Plan: n.Plan}
	for _, c := range ready.Channels {
		record.Channels = append(record.Channels, notification.Outcome{Channel: c, Status: notification.Trying, At: workflow.Now(ctx)})
	}
	if err := keepRecord(ctx, operation.Running, record); err != nil {
		return err
	}
	all := workflow.NewWaitGroup(ctx)
	for i, c := range ready.Channels {
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			in := notifications.DeliverInput{Channel: c.ID, Notice: ready.Notice}
			err := workflow.ExecuteActivity(operation.Deliver(ctx, noticePatience, c.ID), post.DeliverNotice, in).Get(ctx, nil)
			record.Channels[i] = outcomeOf(ctx, c, err)
			if e := keepRecord(ctx, operation.Running, record); e != nil {
				workflow.GetLogger(ctx).Error("What became of a notice is not kept", "error", e)
			}
		})
	}
	all.Wait(ctx)
	return closeRecord(ctx, record)
}

func outcomeOf(ctx workflow.Context, c notification.Channel, err error) notification.Outcome {
	o := notification.Outcome{Channel: c, Status: notification.Delivered, At: workflow.Now(ctx)}
	if err != nil {
		o.Status, o.Why = notification.GivenUp, lastWords(err)
		workflow.GetLogger(ctx).Error("A notice is given up", "channel", c.ID, "why", o.Why)
	}
	return o
}

// lastWords is what went wrong last when time has run out.
func lastWords(err error) string {
	if cause := operation.CauseOf(err); cause != nil {
		return fault.MessageOf(cause)
	}
	return fault.MessageOf(err)
}

// keepRecord leaves in the memo what became of the notice so far: lists show it.
func keepRecord(ctx workflow.Context, status operation.Status, r notification.Record) error {
	if err := workflow.UpsertMemo(ctx, map[string]any{notification.Memo: r}); err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(operation.OutcomeKey).ValueSet(string(status)))
}

// closeRecord says how the delivery has ended.
func closeRecord(ctx workflow.Context, r notification.Record) error {
	why := givenUp(r)
	if len(why) == 0 {
		return keepRecord(ctx, operation.Succeeded, r)
	}
	if err := keepRecord(ctx, operation.Failed, r); err != nil {
		return err
	}
	return fault.Final(fault.New(fault.Unavailable, nil, "%s", strings.Join(why, "; ")))
}

func givenUp(r notification.Record) []string {
	var why []string
	for _, o := range r.Channels {
		if o.Status == notification.GivenUp {
			why = append(why, o.To+": "+o.Why)
		}
	}
	return why
}

// TestNoticeInput asks for a test of the channels.
type TestNoticeInput struct{}

// TestNotice sends a notice to every channel, once, and says how each took it. It fails when one did not.
func TestNotice(ctx workflow.Context, _ TestNoticeInput) (err error) {
	var (
		post     *notifications.Activities
		outcomes []notification.Outcome
	)
	run, err := operation.Begin(ctx, post.TryNotice)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	n := notification.Notice{ID: "test-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Test, At: workflow.Now(ctx)}
	if err := run.Call(ctx, post.TryNotice, n, &outcomes); err != nil {
		return err
	}
	run.Result("channels", outcomes)
	run.Say("%d channels were asked to take a notice", len(outcomes))
	record := notification.Record{Kind: n.Kind, Channels: outcomes}
	if err := workflow.UpsertMemo(ctx, map[string]any{notification.Memo: record}); err != nil {
		return err
	}
	if why := givenUp(record); len(why) > 0 {
		return fault.Final(fault.New(fault.Unavailable, nil, "%d of %d channels do not take notices: %s", len(why), len(outcomes), strings.Join(why, "; ")))
	}
	return nil
}

// noticesVersion marks runs of releases that send notices.
const noticesVersion = "notices"

func sendsNotices(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, noticesVersion, workflow.DefaultVersion, 1) > workflow.DefaultVersion
}

// startNotice hands a notice over for delivery. One that was handed over before is not sent again.
func startNotice(ctx workflow.Context, n notification.Notice) {
	free, _ := workflow.NewDisconnectedContext(ctx) // to end it would cancel the delivery
	if err := operation.StartOnce(free, n.WorkflowID(), SendNotice, n).GetChildWorkflowExecution().Get(free, nil); err != nil {
		workflow.GetLogger(ctx).Info("A notice is not sent again", "notice", n.ID, "error", err)
	}
}

// tellOfRun sends the notice of how a run of a plan has ended: that it failed, on which instances and why,
// or that it succeeded, which is told only after a failure. Of a run that somebody cancelled nothing is told.
func tellOfRun(ctx workflow.Context, run *operation.Run, p backup.Plan, err *error) {
	if !sendsNotices(ctx) || temporal.IsCanceledError(*err) {
		return
	}
	n := notification.Notice{ID: "run-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Recovered, Plan: notification.Plan{ID: p.ID, Name: p.Name},
		Task: operation.TaskID(ctx), At: workflow.Now(ctx)}
	lines := scores(run)
	for _, id := range workflow.DeterministicKeys(lines) {
		if why, ok := strings.CutPrefix(lines[id][backupLine], string(operation.Failed)+": "); ok {
			n.Kind, n.Instances = notification.PartlyFailed, append(n.Instances, notification.Instance{ID: id, Name: id, Reason: why})
		}
	}
	if *err != nil {
		n.Kind = notification.Failed
		if len(n.Instances) == 0 {
			n.Reason = fault.MessageOf(*err)
		}
	}
	startNotice(ctx, n)
}

// tellOfDamage sends the notice that a backup cannot be relied on.
func tellOfDamage(ctx workflow.Context, b backup.Backup, why string) {
	if !sendsNotices(ctx) {
		return
	}
	startNotice(ctx, notification.Notice{ID: "verify-" + workflow.GetInfo(ctx).FirstRunID, Kind: notification.Failed, Plan: notification.Plan{ID: b.Plan, Name: b.PlanName},
		Instances: []notification.Instance{{ID: b.Instance, Name: b.InstanceName, Reason: why}}, Task: operation.TaskID(ctx), At: workflow.Now(ctx)})
}
