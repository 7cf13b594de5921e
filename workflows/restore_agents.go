package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
)

// agentsAfterRestore is the change by which a restore looks at the agents.
const agentsAfterRestore = "agents after a restore"

// lookAtAgents checks each agent of an instance whose disk was replaced. One that is not as it was installed is
// no failure of the restore: the task says what to do.
func lookAtAgents(ctx workflow.Context, run *operation.Run, id string, before nova.Server, answers bool) error {
	var host *ansible.Activities
	if !answers || len(before.Agents) == 0 || workflow.GetVersion(ctx, agentsAfterRestore, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		run.Skip(host.PlayAgent)
		return nil
	}
	known := map[string]nova.Enrolled{id: {Name: before.Name, Enrolled: true, Enrollment: before.Enrollment, Agents: before.Agents}}
	var ill []string
	for _, app := range before.Agents {
		_, err := playAgent(ctx, run, CheckAgents, app, []string{id}, known)
		if temporal.IsCanceledError(err) {
			return err
		}
		if err != nil {
			score(run, id, app, string(operation.Failed)+": "+reasonOf(err))
		}
		if line := scores(run)[id][app]; !strings.HasPrefix(line, string(instance.Installed)+":") {
			ill = append(ill, fmt.Sprintf("%s (%s)", app, line))
		}
	}
	if len(ill) > 0 {
		run.Partly("the disk is restored, but %d of %d agents are not as they were installed: %s: install them again",
			len(ill), len(before.Agents), strings.Join(ill, ", "))
	}
	return nil
}
