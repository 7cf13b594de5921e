// Package rounds is what the manager does by itself at fixed times. Each round is a Temporal schedule, so
// that it is kept whatever dies, and made once however many managers there are.
package rounds

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/flow"
)

// Round is one thing that the manager does by itself.
type Round struct {
	Name     string
	Workflow string // its type; the input is a By
	Cron     string // five fields, in UTC; Off is never
}

// Off is the cron line of a round that is not made.
const Off = "off"

// By is who makes rounds, for the audit.
type By struct {
	Actor   flow.Actor `json:"actor"`
	Role    string     `json:"role"`
	Project string     `json:"project"`
}

// Manager is the manager itself as the one who acts.
var Manager = flow.Actor{ID: "manager", Name: "MyCloudManager"}

// Request says who asks for an operation on a round.
func (b By) Request(operation string, targets ...flow.Target) flow.Request {
	return flow.Request{Operation: operation, Targets: targets, Actor: b.Actor, Role: b.Role, Project: b.Project, Via: "schedule"}
}

// catchUp is how late a round is made after the manager was down.
const catchUp = 6 * time.Hour

// Ensure makes the schedules as they are configured now. It is idempotent.
func Ensure(ctx context.Context, c client.Client, taskQueue string, by By, rounds []Round) error {
	for _, r := range rounds {
		if err := ensure(ctx, c, taskQueue, by, r); err != nil {
			return fault.New(fault.Invalid, err, "the round %s cannot be scheduled at %q: %v", r.Name, r.Cron, err)
		}
	}
	return nil
}

func ensure(ctx context.Context, c client.Client, taskQueue string, by By, r Round) error {
	id := "round:" + r.Name
	handle := c.ScheduleClient().GetHandle(ctx, id)
	if r.Cron == Off {
		if _, err := handle.Describe(ctx); err != nil {
			return nil //nolint:nilerr // there is none
		}
		return handle.Delete(ctx)
	}
	spec := client.ScheduleSpec{CronExpressions: []string{r.Cron}}
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: r.Workflow, Args: []any{by}, TaskQueue: taskQueue}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: id, Spec: spec, Action: action, CatchupWindow: catchUp})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		in.Description.Schedule.Spec, in.Description.Schedule.Action = &spec, action
		return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
	}})
}
