// Package schedule maintains the Temporal schedules of the manager's own checks. Temporal stores the schedules, so each
// check runs once, whatever the number of managers.
package schedule

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// Schedule describes a periodic check of the manager.
type Schedule struct {
	Name     string
	Workflow string // workflow type; the input is an Initiator
	Cron     string // five fields, in UTC; or Disabled
	// Interval is set instead of Cron for frequent checks. One workflow run performs the checks of a day, because a run
	// for each check would be a million executions a year.
	Interval time.Duration
}

// Disabled is the cron expression of a check that is switched off.
const Disabled = "off"

// Initiator is the actor of scheduled checks in the audit log.
type Initiator struct {
	Actor   operation.Actor `json:"actor"`
	Role    string          `json:"role"`
	Project string          `json:"project"`
	// Interval is the interval of the schedule; zero for a single check.
	Interval time.Duration `json:"interval,omitempty"`
}

// maxIterations limits the history of a workflow that repeats a check: each iteration adds about a dozen events.
const maxIterations = 288

// Iterations returns the number of checks that one workflow run performs: those of a day, at most maxIterations.
func (b Initiator) Iterations() int {
	if b.Interval <= 0 {
		return 1
	}
	return min(max(1, int(24*time.Hour/b.Interval)), maxIterations)
}

// Delay returns the time until the next check after one that took the given time: checks take at most a fifth of the
// time.
func (b Initiator) Delay(took time.Duration) time.Duration { return max(b.Interval-took, 4*took) }

// Manager is the actor of operations that the manager starts itself.
var Manager = operation.Actor{ID: "manager", Name: "MyCloudManager"}

// Request returns a request by the initiator for an operation on the targets.
func (b Initiator) Request(op string, targets ...operation.Target) operation.Request {
	return operation.Request{Operation: op, Targets: targets, Actor: b.Actor, Role: b.Role, Project: b.Project, Via: operation.ViaSchedule}
}

// catchUp is the maximum delay of a check that was due while the manager was down.
const catchUp = 6 * time.Hour

// Reconcile creates, changes and deletes schedules so that they match the configuration. It is idempotent.
func Reconcile(ctx context.Context, c client.Client, taskQueue string, by Initiator, schedules []Schedule) error {
	for _, s := range schedules {
		if err := reconcile(ctx, c, taskQueue, by, s); err != nil {
			return fault.New(fault.Invalid, err, "the check %s cannot be scheduled at %q: %v", s.Name, cmp.Or(s.Cron, s.Interval.String()), err)
		}
	}
	return nil
}

func reconcile(ctx context.Context, c client.Client, taskQueue string, by Initiator, r Schedule) error {
	id := "check:" + r.Name
	handle := c.ScheduleClient().GetHandle(ctx, id)
	now, err := handle.Describe(ctx)
	if r.Cron == Disabled {
		if err != nil {
			return nil //nolint:nilerr // the schedule does not exist
		}
		return errors.Join(pause(ctx, c, handle, now), handle.Delete(ctx))
	}
	spec := client.ScheduleSpec{CronExpressions: []string{r.Cron}}
	if r.Interval > 0 { // the overlap policy skips a run while the previous one is running
		spec, by.Interval = client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: r.Interval}}}, r.Interval
	}
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: r.Workflow, Args: []any{by}, TaskQueue: taskQueue}
	if err == nil && interval(now) != r.Interval {
		if err := pause(ctx, c, handle, now); err != nil {
			return err
		}
	}
	_, err = c.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: id, Spec: spec, Action: action, CatchupWindow: catchUp})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		s := &in.Description.Schedule
		s.Spec, s.Action = &spec, action
		if s.State.Note == changePause {
			s.State.Paused, s.State.Note = false, ""
		}
		return &client.ScheduleUpdate{Schedule: s}, nil
	}})
}

// changePause is the note of a pause by reconcile. A pause by a user has another note, and is kept.
const changePause = "the manager is changing this schedule"

// pause pauses the schedule and cancels the running workflow with its old interval. Without the pause, the schedule
// could start that workflow again before it is updated. If the process stops in between, the next call continues: the
// schedule still differs from the configuration.
func pause(ctx context.Context, c client.Client, handle client.ScheduleHandle, now *client.ScheduleDescription) (err error) {
	if !now.Schedule.State.Paused {
		if err := handle.Pause(ctx, client.SchedulePauseOptions{Note: changePause}); err != nil {
			return err
		}
		if now, err = handle.Describe(ctx); err != nil {
			return err
		}
	}
	return cancelRunning(ctx, c, now)
}

// interval returns the interval of a schedule, or zero for a cron schedule.
func interval(d *client.ScheduleDescription) time.Duration {
	if len(d.Schedule.Spec.Intervals) == 0 {
		return 0
	}
	return d.Schedule.Spec.Intervals[0].Every
}

// cancelRunning cancels the workflow that repeats a check for a day.
func cancelRunning(ctx context.Context, c client.Client, d *client.ScheduleDescription) error {
	if interval(d) == 0 {
		return nil
	}
	var all error
	for _, w := range d.Info.RunningWorkflows {
		all = errors.Join(all, c.CancelWorkflow(ctx, w.WorkflowID, ""))
	}
	return all
}
