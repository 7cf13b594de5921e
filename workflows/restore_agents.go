package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// checkAgents checks each agent of an instance whose disk was replaced. An agent that differs from its installation does
// not fail the restore; the task partially fails and states what to do.
func checkAgents(ctx workflow.Context, run *operation.Run, id string, before nova.Server, reachable bool) error {
	var host *ansible.Activities
	if !reachable || len(before.Agents) == 0 {
		run.Skip(host.RunAgentPlaybook)
		return nil
	}
	known := map[string]nova.EnrolledInstance{id: {Name: before.Name, Enrolled: true, Enrollment: before.Enrollment, Agents: before.Agents}}
	var broken []i18n.Message
	for _, app := range before.Agents {
		_, err := runAgentPlaybook(ctx, run, CheckAgents, app, []string{id}, known)
		if temporal.IsCanceledError(err) {
			return err
		}
		if err != nil {
			setOutcome(run, id, app, failedOutcome(reasonOf(err)))
		}
		if o := outcomes(run)[id][app]; o.Status != string(instance.Installed) {
			if o.Reason.IsZero() {
				o.Reason = i18n.Verbatim(o.Status)
			}
			broken = append(broken, i18n.Messagef("%s (%s)", app, o.Reason))
		}
	}
	if len(broken) > 0 {
		run.PartiallyFailed("the disk is restored, but %d of %d agents are not as they were installed: %s: install them again",
			len(broken), len(before.Agents), i18n.Join(broken, ", "))
	}
	return nil
}
