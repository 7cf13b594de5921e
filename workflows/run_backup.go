package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// backupsAtOnce bounds how many instances of a plan are backed up at once.
const backupsAtOnce = 8

// BackupInput is one run of a plan.
type BackupInput struct {
	Plan backup.Plan `json:"plan"`
	// Due is the time that the schedule wanted; nil when somebody asked for the run.
	Due *time.Time `json:"due,omitempty"`
}

// backupLine is the column of the box score that a backup of an instance has.
const backupLine = "backup"

// Narrow implements flow.Narrower: a retry repeats the instances that failed, and of a set all.
func (in *BackupInput) Narrow(result map[string]any) {
	if in.Plan.Together() {
		return
	}
	in.Plan.Instances = failedOf(result, in.Plan.Instances)
}

// RunBackup backs up the instances of a plan, several at once, or all of them together. One that fails does not
// stop the others, unless it keeps a set from being made: the task tells which. Afterwards what the plan does not keep any more is deleted, as a task of its own.
func RunBackup(ctx workflow.Context, in BackupInput) (err error) {
	run, err := operation.Begin(ctx, BackupInstance)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	defer tellOfRun(ctx, run, in.Plan, &err)
	var (
		children []operation.Child
		set      *group
		atOnce   = backupsAtOnce
		failed   = 0
	)
	if in.Plan.Together() {
		set, atOnce = newGroup(ctx, in.Plan.Instances), len(in.Plan.Instances)
	}
	for _, id := range in.Plan.Instances {
		children = append(children, operation.Child{ID: instanceWorkflow(id), Input: BackupInstanceInput{Plan: in.Plan, Instance: id, Task: operation.TaskID(ctx), Together: set != nil}})
	}
	err = operation.Children(ctx, run, atOnce, BackupInstance, children, func(i int, s operation.Share[backup.Backup]) {
		if set != nil {
			set.ended(in.Plan.Instances[i], s.Err)
		}
		if s.Err != nil {
			failed++
			score(run, in.Plan.Instances[i], backupLine, string(operation.Failed)+": "+reasonOf(s.Err))
			return
		}
		score(run, in.Plan.Instances[i], backupLine, fmt.Sprintf("%s: %s in %.0f s", s.Out.ID, mebibytes(s.Out.ChangedBytes), s.Out.Duration))
	})
	switch {
	case err != nil:
		return err
	case set != nil && set.broken != "":
		return fault.Final(fault.New(fault.Invalid, nil, "the set is given up: no image is made, and what ran runs again: %s", set.broken))
	case failed == len(children):
		return fault.Final(fault.New(fault.Invalid, nil, "it failed on all instances: %s", firstFailure(run)))
	case failed > 0 && set != nil:
		run.Partly("the set is not whole: %d of %d failed: %s", failed, len(children), firstFailure(run))
	case failed > 0:
		run.Partly("%d of %d failed: %s", failed, len(children), firstFailure(run))
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
	err := operation.StartTask(ctx, pruneWorkflow(p.ID), r, PruneBackups, PruneInput{Plan: p}).GetChildWorkflowExecution().Get(ctx, nil)
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

// failedOf are the things whose line in a task's box score tells a failure; all when none does.
func failedOf(result map[string]any, ids []string) []string {
	lines, _ := result[hostsResult].(map[string]any)
	failed := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		columns, _ := lines[id].(map[string]any)
		for _, line := range columns {
			if text, _ := line.(string); strings.HasPrefix(text, string(operation.Failed)) {
				return false
			}
		}
		return len(columns) > 0
	})
	if len(failed) == 0 {
		return ids
	}
	return failed
}
