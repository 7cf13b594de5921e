package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// maxConcurrentBackups bounds how many instances of a plan are backed up at once.
const maxConcurrentBackups = 8

// RunBackupInput is one run of a plan.
type RunBackupInput struct {
	Plan backup.Plan `json:"plan"`
	// Due is the time that the schedule wanted; nil when somebody asked for the run.
	Due *time.Time `json:"due,omitempty"`
}

// backupColumn is the column of the outcomes of backups.
const backupColumn = "backup"

// KeepFailed implements flow.Narrower: a retry repeats the instances that failed, and of a set all.
func (in *RunBackupInput) KeepFailed(result map[string]any) {
	if in.Plan.ConsistencyGroup() {
		return
	}
	in.Plan.Instances = failedTargets(result, in.Plan.Instances)
}

// RunBackup backs up the instances of a plan, several at once, or all of them together. One that fails does not
// stop the others, unless it keeps a set from being made: the task tells which. Afterwards what the plan does not keep any more is deleted, as a task of its own.
func RunBackup(ctx workflow.Context, in RunBackupInput) (err error) {
	run, err := operation.Begin(ctx, BackupInstance)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	defer notifyRunResult(ctx, run, in.Plan, &err)
	var (
		children []operation.Child
		set      *consistencyGroup
		atOnce   = maxConcurrentBackups
		failed   = 0
	)
	if in.Plan.ConsistencyGroup() {
		set, atOnce = newConsistencyGroup(ctx, in.Plan.Instances), len(in.Plan.Instances)
	}
	for _, id := range in.Plan.Instances {
		children = append(children, operation.Child{ID: instanceWorkflow(id), Input: BackupInstanceInput{Plan: in.Plan, Instance: id, Task: operation.TaskID(ctx), ConsistencyGroup: set != nil}})
	}
	err = operation.Children(ctx, run, atOnce, BackupInstance, children, func(i int, s operation.Result[backup.Backup]) {
		if set != nil {
			set.ended(in.Plan.Instances[i], s.Err)
		}
		if s.Err != nil {
			failed++
			setOutcome(run, in.Plan.Instances[i], backupColumn, failedOutcome(reasonOf(s.Err)))
			return
		}
		setOutcome(run, in.Plan.Instances[i], backupColumn, succeededOutcome(fmt.Sprintf("%s: %s in %.0f s", s.Out.ID, mebibytes(s.Out.ChangedBytes), s.Out.Duration)))
	})
	switch {
	case err != nil:
		return err
	case set != nil && set.abortReason != "":
		return fault.Final(fault.New(fault.Invalid, nil, "consistency group aborted, no image was created and all instances were restarted: %s", set.abortReason))
	case failed == len(children):
		return fault.Final(fault.New(fault.Invalid, nil, "it failed on all instances: %s", firstFailure(run)))
	case failed > 0 && set != nil:
		run.PartiallyFailed("the consistency group is incomplete: %d of %d failed: %s", failed, len(children), firstFailure(run))
	case failed > 0:
		run.PartiallyFailed("%d of %d failed: %s", failed, len(children), firstFailure(run))
	}
	return pruneAfter(ctx, in.Plan)
}

// pruneAfter starts the task that deletes what the plan does not keep any more. One that is at it already
// will see this backup too.
func pruneAfter(ctx workflow.Context, p backup.Plan) error {
	if p.Retention.None() {
		return nil
	}
	r := p.Request("backup.prune", p.Target())
	err := operation.StartTask(ctx, pruneWorkflow(p.ID), r, PruneBackups, PruneBackupsInput{Plan: p}).GetChildWorkflowExecution().Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Info("Pruning not started", "error", err)
	}
	return nil
}

func pruneWorkflow(plan string) string { return "prune:" + plan }

func instanceWorkflow(id string) string {
	return operation.Target{Kind: "instance", ID: id}.WorkflowID()
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
