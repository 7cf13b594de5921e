package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/flow"
	"mycloudmanager/internal/rounds"
)

// CheckDrift is a round: it looks, as a task, whether the agents on all instances are still as they were
// installed.
func CheckDrift(ctx workflow.Context, by rounds.By) error {
	var (
		compute *nova.Activities
		known   map[string]nova.Enrolled
		in      = AgentsInput{Action: CheckAgents}
		targets []flow.Target
	)
	if err := workflow.ExecuteActivity(flow.Call(ctx), compute.AgentHosts).Get(ctx, &known); err != nil {
		return err
	}
	for _, id := range workflow.DeterministicKeys(known) {
		in.Instances = append(in.Instances, id)
		targets = append(targets, flow.Target{Kind: "instance", ID: id, Name: known[id].Name})
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
	_ = flow.StartTask(ctx, "batch:drift", by.Request("agent.check", targets...), RunAgents, in).Get(ctx, nil) // the task tells how it ended
	return nil
}

// CheckBackups is a round: it verifies, each as a task and one after the other, the newest backup of each
// instance and plan that nobody has looked at for a week.
func CheckBackups(ctx workflow.Context, by rounds.By) error {
	var (
		store *backups.Activities
		due   []backup.Backup
	)
	if err := workflow.ExecuteActivity(flow.Call(ctx), store.UnverifiedBackups).Get(ctx, &due); err != nil {
		return err
	}
	for _, b := range due {
		_ = flow.StartTask(ctx, b.Target().WorkflowID(), by.Request("backup.verify", b.Target()), VerifyBackup, VerifyInput{Backup: b}).Get(ctx, nil)
	}
	return nil
}

// CheckPlans is a round: it tells of plans that have missed runs since the round before, and of those that
// have become stale. Its result is what the next round compares with.
func CheckPlans(ctx workflow.Context, _ rounds.By) (map[string]backup.Seen, error) {
	var (
		store *backups.Activities
		in    backups.LookInput
		look  backups.PlansLook
	)
	if workflow.HasLastCompletionResult(ctx) {
		if err := workflow.GetLastCompletionResult(ctx, &in.Before); err != nil {
			return nil, err
		}
	}
	if err := workflow.ExecuteActivity(flow.Call(ctx), store.LookAtPlans, in).Get(ctx, &look); err != nil {
		return nil, err
	}
	if err := workflow.UpsertMemo(ctx, map[string]any{backup.SeenMemo: look.Seen}); err != nil {
		return nil, err
	}
	for _, n := range look.News {
		n.At = workflow.Now(ctx)
		startNotice(ctx, n)
	}
	return look.Seen, nil
}
