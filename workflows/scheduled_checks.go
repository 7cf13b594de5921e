package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/schedule"
)

// CheckAgentDrift is a scheduled check. It starts a task that checks whether the agents on all instances still match
// their installation.
func CheckAgentDrift(ctx workflow.Context, by schedule.Initiator) error {
	var (
		compute *nova.Activities
		known   map[string]nova.EnrolledInstance
		in      = AgentsInput{Action: CheckAgents}
		targets []operation.Target
	)
	if err := workflow.ExecuteActivity(operation.ShortRequest(ctx), compute.ListInstancesWithAgents).Get(ctx, &known); err != nil {
		return err
	}
	for _, id := range workflow.DeterministicKeys(known) {
		in.Instances = append(in.Instances, id)
		targets = append(targets, operation.Target{Kind: "instance", ID: id, Name: known[id].Name})
		for _, app := range known[id].Agents {
			if !slices.Contains(in.Apps, app) {
				in.Apps = append(in.Apps, app)
			}
		}
	}
	if len(in.Instances) == 0 {
		return nil
	}
	slices.Sort(in.Apps)
	_ = operation.StartTask(ctx, "batch:drift", by.Request("agent.check", targets...), RunAgents, in).Get(ctx, nil) // the task shows the result
	return nil
}

// VerifyStaleBackups is a scheduled check. For each instance and plan whose newest backup was not verified for a week, it
// runs a task that verifies the backup, one after the other.
func VerifyStaleBackups(ctx workflow.Context, by schedule.Initiator) error {
	var (
		store *backups.Activities
		due   []backup.Backup
	)
	if err := workflow.ExecuteActivity(operation.ShortRequest(ctx), store.UnverifiedBackups).Get(ctx, &due); err != nil {
		return err
	}
	for _, b := range due {
		_ = operation.StartTask(ctx, b.Target().WorkflowID(), by.Request("backup.verify", b.Target()),
			VerifyBackup, VerifyBackupInput{Backup: b}).Get(ctx, nil)
	}
	return nil
}

// CheckPlanHealth is a scheduled check that repeats in iterations. Each iteration sends notifications of plans that have
// missed runs since the previous iteration, and of plans that have become overdue. The result of the workflow is the
// baseline of the next run. A failed iteration is skipped, because the next one covers its time; a cancel ends the
// workflow early.
func CheckPlanHealth(ctx workflow.Context, by schedule.Initiator) (observed map[string]backup.PlanObservation, err error) {
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &observed); err != nil {
			return nil, err
		}
	}
	for left := by.Iterations(); left > 0; left-- {
		began := workflow.Now(ctx)
		now, err := checkPlans(ctx, observed)
		switch {
		case err == nil:
			observed = now
		case ctx.Err() != nil:
			return observed, nil
		case by.Interval == 0:
			return nil, err
		default:
			workflow.GetLogger(ctx).Warn("Plan check failed", "error", err)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() { // with many plans, the history grows quickly
			return observed, nil
		}
		if left > 1 {
			if workflow.Sleep(ctx, by.Delay(workflow.Now(ctx).Sub(began))) != nil {
				return observed, nil
			}
		}
	}
	return observed, nil
}

// checkPlans performs one iteration.
func checkPlans(ctx workflow.Context, before map[string]backup.PlanObservation) (map[string]backup.PlanObservation, error) {
	var (
		store  *backups.Activities
		result backups.CheckPlanHealthResult
	)
	if err := workflow.ExecuteActivity(operation.ShortRequest(ctx), store.CheckPlanHealth, backups.CheckPlanHealthInput{Before: before}).Get(ctx, &result); err != nil {
		return nil, err
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{backup.ObservationMemo: result.Observation}); err != nil {
		return nil, err
	}
	for _, n := range result.Alerts {
		n.At = workflow.Now(ctx)
		startNotification(ctx, n)
	}
	return result.Observation, nil
}
