package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation"
)

// dueAt is the search attribute with the scheduled time, without jitter.
// https://docs.temporal.io/search-attribute#default-search-attribute
var dueAt = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// ScheduledBackup is started by the schedule of a plan. It is not a task: it starts the run of the plan, whose workflow ID
// prevents concurrent runs of the plan, and ends with the run, so that the schedule detects overlaps. It skips times that
// are not due: the second of two instants with the same local time in a DST overlap.
func ScheduledBackup(ctx workflow.Context, p backup.Plan) error {
	at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(dueAt)
	if !ok {
		at = workflow.Now(ctx)
	}
	due := true
	if ok {
		// A side effect, because the time zone data of the machine may change before a replay.
		if err := workflow.SideEffect(ctx, func(workflow.Context) any { return p.Schedule.Due(at) }).Get(&due); err != nil {
			return err
		}
	}
	if !due {
		return nil
	}
	child := operation.StartTask(ctx, p.Target().WorkflowID(), p.Request("backup.run", RunTargets(p)...), RunBackup, RunBackupInput{Plan: p, Due: utc(at)})
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Info("The plan is already running", "plan", p.ID, "error", err)
		return nil
	}
	_ = child.Get(ctx, nil) // the task shows the result
	return nil
}

// RunTargets returns the targets of a run. The plan is the first one: its ID prevents a second run.
func RunTargets(p backup.Plan) []operation.Target {
	targets := []operation.Target{p.Target()}
	for _, id := range p.Instances {
		targets = append(targets, operation.Target{Kind: "instance", ID: id, Name: id})
	}
	return targets
}

func utc(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}
