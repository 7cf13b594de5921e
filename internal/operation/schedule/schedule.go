// Package schedule maintains the Temporal schedules of the manager's periodic checks. Temporal stores the schedules, so
// each check runs once, independent of the number of managers.
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

// Schedule is the schedule of a periodic check.
type Schedule struct {
	Name     string
	Workflow string // workflow type; its input is an Initiator
	Cron     string // cron expression with five fields, in UTC, or Disabled
	// Interval is set instead of Cron for frequent checks. One workflow run performs the checks of a day, because one run
	// for each check would be a million workflow executions per year.
	Interval time.Duration
}

// Disabled is the cron expression of a disabled check.
const Disabled = "off"

// Initiator is the input of the workflow of a check: the actor that the audit log has for operations that the check starts,
// and the interval.
type Initiator struct {
	Actor   operation.Actor `json:"actor"`
	Role    string          `json:"role"`
	Project string          `json:"project"`
	// Interval is the interval of the schedule, or zero if a run performs a single check.
	Interval time.Duration `json:"interval,omitempty"`
}

// maxIterations limits the length of the workflow history: each check adds about a dozen events.
const maxIterations = 288

// Iterations returns the number of checks in one workflow run: the checks of a day, but at most maxIterations.
func (i Initiator) Iterations() int {
	if i.Interval <= 0 {
		return 1
	}
	return min(max(1, int(24*time.Hour/i.Interval)), maxIterations)
}

// Delay returns the time between the end of a check and the start of the next one. duration is the duration of the check.
// The delay is at least four times the duration, so that checks run for at most a fifth of the time.
func (i Initiator) Delay(duration time.Duration) time.Duration {
	return max(i.Interval-duration, 4*duration)
}

// Manager is the actor of operations that the manager starts itself.
var Manager = operation.Actor{ID: "manager", Name: "MyCloudManager"}

// Request returns a request for an operation on the targets, with the initiator as the actor.
func (i Initiator) Request(op string, targets ...operation.Target) operation.Request {
	return operation.Request{Operation: op, Targets: targets, Actor: i.Actor, Role: i.Role, Project: i.Project, Via: operation.ViaSchedule}
}

// catchUpWindow is the time within which Temporal still starts a check that was due while Temporal was down.
const catchUpWindow = 6 * time.Hour

// Reconcile creates, updates and deletes the Temporal schedules so that they match schedules. It is idempotent.
func Reconcile(ctx context.Context, c client.Client, taskQueue string, initiator Initiator, schedules []Schedule) error {
	for _, s := range schedules {
		if err := reconcile(ctx, c, taskQueue, initiator, s); err != nil {
			return fault.New(fault.Invalid, err, "the check %s cannot be scheduled at %q: %v", s.Name, cmp.Or(s.Cron, s.Interval.String()), err)
		}
	}
	return nil
}

func reconcile(ctx context.Context, c client.Client, taskQueue string, initiator Initiator, r Schedule) error {
	id := "check:" + r.Name
	handle := c.ScheduleClient().GetHandle(ctx, id)
	description, err := handle.Describe(ctx)
	if r.Cron == Disabled {
		if err != nil {
			return nil //nolint:nilerr // the schedule does not exist
		}
		return errors.Join(pause(ctx, c, handle, description), handle.Delete(ctx))
	}
	spec := client.ScheduleSpec{CronExpressions: []string{r.Cron}}
	if r.Interval > 0 { // the overlap policy skips a start while the previous run is running
		spec, initiator.Interval = client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: r.Interval}}}, r.Interval
	}
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: r.Workflow, Args: []any{initiator}, TaskQueue: taskQueue}
	if err == nil && interval(description) != r.Interval {
		if err := pause(ctx, c, handle, description); err != nil {
			return err
		}
	}
	_, err = c.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: id, Spec: spec, Action: action, CatchupWindow: catchUpWindow})
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

// changePause is the note of a pause by reconcile. A pause with another note was set by a user, and remains.
const changePause = "the manager is changing this schedule"

// pause pauses the schedule and cancels the workflow that runs with the old interval. Without the pause, the schedule
// could start another run with the old interval before reconcile updates it. If the process stops after the pause, the next
// call of reconcile continues, because the schedule still differs from the configuration.
func pause(ctx context.Context, c client.Client, handle client.ScheduleHandle, description *client.ScheduleDescription) (err error) {
	if !description.Schedule.State.Paused {
		if err := handle.Pause(ctx, client.SchedulePauseOptions{Note: changePause}); err != nil {
			return err
		}
		if description, err = handle.Describe(ctx); err != nil {
			return err
		}
	}
	return cancelRunning(ctx, c, description)
}

// interval returns the interval of a schedule, or zero for a cron schedule.
func interval(d *client.ScheduleDescription) time.Duration {
	if len(d.Schedule.Spec.Intervals) == 0 {
		return 0
	}
	return d.Schedule.Spec.Intervals[0].Every
}

// cancelRunning cancels the running workflow of a schedule with an interval.
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
