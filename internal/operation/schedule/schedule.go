// Package rounds is what the manager does by itself at fixed times. Each round is a Temporal schedule, so
// that it is kept whatever dies, and made once however many managers there are.
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

// Round is one thing that the manager does by itself.
type Round struct {
	Name     string
	Workflow string // its type; the input is a By
	Cron     string // five fields, in UTC; Off is never
	// Every is how often a round is made that is made the whole day long; then there is no Cron. One workflow
	// makes hundreds: each for itself, they would be a million in a year.
	Every time.Duration
}

// Off is the cron line of a round that is not made.
const Off = "off"

// By is who makes rounds, for the audit.
type By struct {
	Actor   operation.Actor `json:"actor"`
	Role    string          `json:"role"`
	Project string          `json:"project"`
	// Every is the round's. Zero is one round alone.
	Every time.Duration `json:"every,omitempty"`
}

// mostRounds bounds the history of a workflow that makes rounds: each adds about a dozen events.
const mostRounds = 288

// Rounds is how many rounds its workflow makes before another goes on: those of a day, within a bound.
func (b By) Rounds() int {
	if b.Every <= 0 {
		return 1
	}
	return min(max(1, int(24*time.Hour/b.Every)), mostRounds)
}

// Rest is how long to wait after a round that took so long: where there is much to look at, looking takes at most a
// fifth of the time.
func (b By) Rest(took time.Duration) time.Duration { return max(b.Every-took, 4*took) }

// Manager is the manager itself as the one who acts.
var Manager = operation.Actor{ID: "manager", Name: "MyCloudManager"}

// Request says who asks for an operation on a round.
func (b By) Request(op string, targets ...operation.Target) operation.Request {
	return operation.Request{Operation: op, Targets: targets, Actor: b.Actor, Role: b.Role, Project: b.Project, Via: operation.ViaSchedule}
}

// catchUp is how late a round is made after the manager was down.
const catchUp = 6 * time.Hour

// Ensure makes the schedules as they are configured now. It is idempotent.
func Ensure(ctx context.Context, c client.Client, taskQueue string, by By, rounds []Round) error {
	for _, r := range rounds {
		if err := ensure(ctx, c, taskQueue, by, r); err != nil {
			return fault.New(fault.Invalid, err, "the round %s cannot be scheduled at %q: %v", r.Name, cmp.Or(r.Cron, r.Every.String()), err)
		}
	}
	return nil
}

func ensure(ctx context.Context, c client.Client, taskQueue string, by By, r Round) error {
	id := "round:" + r.Name
	handle := c.ScheduleClient().GetHandle(ctx, id)
	now, err := handle.Describe(ctx)
	if r.Cron == Off {
		if err != nil {
			return nil //nolint:nilerr // there is none
		}
		return errors.Join(halt(ctx, c, handle, now), handle.Delete(ctx))
	}
	spec := client.ScheduleSpec{CronExpressions: []string{r.Cron}}
	if r.Every > 0 { // as long as one is at it, Temporal starts no other
		spec, by.Every = client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: r.Every}}}, r.Every
	}
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: r.Workflow, Args: []any{by}, TaskQueue: taskQueue}
	if err == nil && every(now) != r.Every {
		if err := halt(ctx, c, handle, now); err != nil {
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
		if s.State.Note == changing {
			s.State.Paused, s.State.Note = false, ""
		}
		return &client.ScheduleUpdate{Schedule: s}, nil
	}})
}

// changing notes why a schedule is paused, so that nobody else's pause is lifted.
const changing = "the manager is changing this round"

// halt ends the rounds that are being made by a setting of before. The schedule is paused first: else it could start them once
// more by that setting. Until it is updated it differs from what is configured, and whoever comes next goes on from here.
func halt(ctx context.Context, c client.Client, handle client.ScheduleHandle, now *client.ScheduleDescription) (err error) {
	if !now.Schedule.State.Paused {
		if err := handle.Pause(ctx, client.SchedulePauseOptions{Note: changing}); err != nil {
			return err
		}
		if now, err = handle.Describe(ctx); err != nil {
			return err
		}
	}
	return end(ctx, c, now)
}

// every is how often the rounds of a schedule are made that are made the whole day long; else zero.
func every(d *client.ScheduleDescription) time.Duration {
	if len(d.Schedule.Spec.Intervals) == 0 {
		return 0
	}
	return d.Schedule.Spec.Intervals[0].Every
}

// end cancels the workflow that makes a day's rounds: it would go on for as long.
func end(ctx context.Context, c client.Client, d *client.ScheduleDescription) error {
	if every(d) == 0 {
		return nil
	}
	var all error
	for _, w := range d.Info.RunningWorkflows {
		all = errors.Join(all, c.CancelWorkflow(ctx, w.WorkflowID, ""))
	}
	return all
}
