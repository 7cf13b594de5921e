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

// CheckAgentDrift is a round: it looks, as a task, whether the agents on all instances are still as they were
// installed.
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
	_ = operation.StartTask(ctx, "batch:drift", by.Request("agent.check", targets...), RunAgents, in).Get(ctx, nil) // the task tells how it ended
	return nil
}

// VerifyStaleBackups is a round: it verifies, each as a task and one after the other, the newest backup of each
// instance and plan that nobody has looked at for a week.
func VerifyStaleBackups(ctx workflow.Context, by schedule.Initiator) error {
	var (
		store *backups.Activities
		due   []backup.Backup
	)
	if err := workflow.ExecuteActivity(operation.ShortRequest(ctx), store.UnverifiedBackups).Get(ctx, &due); err != nil {
		return err
	}
	for _, b := range due {
		_ = operation.StartTask(ctx, b.Target().WorkflowID(), by.Request("backup.verify", b.Target()), VerifyBackup, VerifyBackupInput{Backup: b}).Get(ctx, nil)
	}
	return nil
}

// CheckPlanHealth makes rounds one after the other: each tells of plans that have missed runs since the round before, and of
// those that have become stale. Its result is what the next one's first round compares with; a round that
// cannot look is made up for by the one after, and a cancel ends it early.
func CheckPlanHealth(ctx workflow.Context, by schedule.Initiator) (seen map[string]backup.PlanObservation, err error) {
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &seen); err != nil {
			return nil, err
		}
	}
	for left := by.Iterations(); left > 0; left-- {
		began := workflow.Now(ctx)
		now, err := checkPlans(ctx, seen)
		switch {
		case err == nil:
			seen = now
		case ctx.Err() != nil:
			return seen, nil
		case by.Interval == 0:
			return nil, err
		default:
			workflow.GetLogger(ctx).Warn("Plans are not looked at this time", "error", err)
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() { // of many plans there is much to tell the next round
			return seen, nil
		}
		if left > 1 {
			if workflow.Sleep(ctx, by.Delay(workflow.Now(ctx).Sub(began))) != nil {
				return seen, nil
			}
		}
	}
	return seen, nil
}

// checkPlans makes one round.
func checkPlans(ctx workflow.Context, before map[string]backup.PlanObservation) (map[string]backup.PlanObservation, error) {
	var (
		store *backups.Activities
		look  backups.CheckPlanHealthResult
	)
	if err := workflow.ExecuteActivity(operation.ShortRequest(ctx), store.CheckPlanHealth, backups.CheckPlanHealthInput{Before: before}).Get(ctx, &look); err != nil {
		return nil, err
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{backup.ObservationMemo: look.Observation}); err != nil {
		return nil, err
	}
	for _, n := range look.Alerts {
		n.At = workflow.Now(ctx)
		startNotification(ctx, n)
	}
	return look.Observation, nil
}
