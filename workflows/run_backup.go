package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// maxConcurrentBackups bounds how many instances of a plan are backed up concurrently.
const maxConcurrentBackups = 8

// RunBackupInput is one run of a plan.
type RunBackupInput struct {
	Plan backup.Plan `json:"plan"`
	// Due is the scheduled time; nil if a user started the run.
	Due *time.Time `json:"due,omitempty"`
}

// backupColumn is the column of the outcomes of backups.
const backupColumn = "backup"

// KeepFailed implements operation.Retryable: a retry repeats the failed instances, or the whole consistency group.
func (in *RunBackupInput) KeepFailed(result map[string]any) {
	if in.Plan.ConsistencyGroup() {
		return
	}
	in.Plan.Instances = failedTargets(result, in.Plan.Instances)
}

// RunBackup backs up the instances of a plan, several concurrently, or all as one consistency group. A failed instance
// does not stop the others, unless it prevents the consistency group; the task names it. Afterwards a separate task
// deletes the backups that the plan no longer keeps.
func RunBackup(ctx workflow.Context, in RunBackupInput) (err error) {
	run, err := operation.Begin(ctx, BackupInstance)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	defer notifyRunResult(ctx, run, in.Plan, &err)
	var (
		children []operation.Child
		group    *consistencyGroup
		limit    = maxConcurrentBackups
		failed   = 0
	)
	if in.Plan.ConsistencyGroup() {
		group, limit = newConsistencyGroup(ctx, in.Plan.Instances), len(in.Plan.Instances)
	}
	for _, id := range in.Plan.Instances {
		children = append(children, operation.Child{ID: instanceWorkflow(id), Input: BackupInstanceInput{
			Plan: in.Plan, Instance: id, Task: operation.TaskID(ctx), ConsistencyGroup: group != nil}})
	}
	err = operation.Children(ctx, run, limit, BackupInstance, children, func(i int, s operation.Result[backup.Backup]) {
		if group != nil {
			group.ended(in.Plan.Instances[i], s.Err)
		}
		if s.Err != nil {
			failed++
			setOutcome(run, in.Plan.Instances[i], backupColumn, failedOutcome(reasonOf(s.Err)))
			return
		}
		setOutcome(run, in.Plan.Instances[i], backupColumn, succeededOutcome(
			i18n.Messagef("%s: %s in %.0f s", s.Out.ID, mebibytes(s.Out.ChangedBytes), s.Out.Duration)))
	})
	switch {
	case err != nil:
		return err
	case group != nil && !group.abortReason.IsZero():
		return fault.Final(fault.New(fault.Invalid, nil, "consistency group aborted, no image was created and all instances were restarted: %s",
			group.abortReason))
	case failed == len(children):
		return fault.Final(fault.New(fault.Invalid, nil, "it failed on all instances: %s", firstFailure(run)))
	case failed > 0 && group != nil:
		run.PartiallyFailed("the consistency group is incomplete: %d of %d failed: %s", failed, len(children), firstFailure(run))
	case failed > 0:
		run.PartiallyFailed("%d of %d failed: %s", failed, len(children), firstFailure(run))
	}
	return pruneAfter(ctx, in.Plan)
}

// pruneAfter starts the task that deletes the backups which the plan no longer keeps. If such a task is already running,
// nothing is started: the next run prunes again.
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
