// Package schedule keeps the Temporal schedules of the manager's own checks. A schedule lives in Temporal, so each check runs
// once, however many managers run and whichever of them dies.
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

// Schedule is one thing that the manager does by itself.
type Schedule struct {
	Name     string
	Workflow string // its type; the input is an Initiator
	Cron     string // five fields, in UTC; Disabled is never
	// Interval is the interval of a high-frequency check; it excludes Cron. One workflow run performs a day of iterations,
	// because one run each would be a million executions a year.
	Interval time.Duration
}

// Disabled is the cron line of a round that is not made.
const Disabled = "off"

// Initiator is who makes rounds, for the audit.
type Initiator struct {
	Actor   operation.Actor `json:"actor"`
	Role    string          `json:"role"`
	Project string          `json:"project"`
	// Interval is the interval of the schedule; zero is one check alone.
	Interval time.Duration `json:"interval,omitempty"`
}

// maxIterations bounds the history of a workflow that makes rounds: each adds about a dozen events.
const maxIterations = 288

// Iterations is how many rounds its workflow makes before another goes on: those of a day, within a bound.
func (b Initiator) Iterations() int {
	if b.Interval <= 0 {
		return 1
	}
	return min(max(1, int(24*time.Hour/b.Interval)), maxIterations)
}

// Delay is how long to wait after a round that took so long: where there is much to look at, looking takes at most a
// fifth of the time.
func (b Initiator) Delay(took time.Duration) time.Duration { return max(b.Interval-took, 4*took) }

// Manager is the manager itself as the one who acts.
var Manager = operation.Actor{ID: "manager", Name: "MyCloudManager"}

// Request says who asks for an operation on a round.
func (b Initiator) Request(op string, targets ...operation.Target) operation.Request {
	return operation.Request{Operation: op, Targets: targets, Actor: b.Actor, Role: b.Role, Project: b.Project, Via: operation.ViaSchedule}
}

// catchUp is how late a round is made after the manager was down.
const catchUp = 6 * time.Hour

// Reconcile makes the schedules as they are configured now. It is idempotent.
func Reconcile(ctx context.Context, c client.Client, taskQueue string, by Initiator, rounds []Schedule) error {
	for _, r := range rounds {
		if err := reconcile(ctx, c, taskQueue, by, r); err != nil {
			return fault.New(fault.Invalid, err, "the round %s cannot be scheduled at %q: %v", r.Name, cmp.Or(r.Cron, r.Interval.String()), err)
		}
	}
	return nil
}

func reconcile(ctx context.Context, c client.Client, taskQueue string, by Initiator, r Schedule) error {
	id := "round:" + r.Name
	handle := c.ScheduleClient().GetHandle(ctx, id)
	now, err := handle.Describe(ctx)
	if r.Cron == Disabled {
		if err != nil {
			return nil //nolint:nilerr // there is none
		}
		return errors.Join(pause(ctx, c, handle, now), handle.Delete(ctx))
	}
	spec := client.ScheduleSpec{CronExpressions: []string{r.Cron}}
	if r.Interval > 0 { // as long as one is at it, Temporal starts no other
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

// changePause notes why a schedule is paused, so that nobody else's pause is lifted.
const changePause = "the manager is changing this round"

// pause ends the rounds that are being made by a setting of before. The schedule is paused first: else it could start them once
// more by that setting. Until it is updated it differs from what is configured, and whoever comes next goes on from here.
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

// interval is how often the rounds of a schedule are made that are made the whole day long; else zero.
func interval(d *client.ScheduleDescription) time.Duration {
	if len(d.Schedule.Spec.Intervals) == 0 {
		return 0
	}
	return d.Schedule.Spec.Intervals[0].Every
}

// cancelRunning cancels the workflow that makes a day's rounds: it would go on for as long.
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
