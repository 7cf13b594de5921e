package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation"
)

// dueAt is the time that Temporal's schedule wanted, without its jitter.
// https://docs.temporal.io/search-attribute#default-search-attribute
var dueAt = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// ScheduledBackup is what a plan's schedule starts. It is no task: it starts the run of the plan, whose id
// keeps two runs of one plan apart, and lives as long as it, so that the schedule knows that one is
// running. A time that the plan does not mean is left out: the second of two at which a clock that is put
// back shows the same.
func ScheduledBackup(ctx workflow.Context, p backup.Plan) error {
	at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(dueAt)
	if !ok {
		at = workflow.Now(ctx)
	}
	due := true
	if ok {
		// The machine's time zones may change between two looks.
		if err := workflow.SideEffect(ctx, func(workflow.Context) any { return p.Schedule.Due(at) }).Get(&due); err != nil {
			return err
		}
	}
	if !due {
		return nil
	}
	child := operation.StartTask(ctx, p.Target().WorkflowID(), p.Request("backup.run", RunTargets(p)...), RunBackup, RunBackupInput{Plan: p, Due: utc(at)})
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Info("The plan is running already", "plan", p.ID, "error", err)
		return nil
	}
	_ = child.Get(ctx, nil) // the task tells how it ended
	return nil
}

// RunTargets are what a run of a plan acts on: the plan first, whose id keeps a second run away.
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
