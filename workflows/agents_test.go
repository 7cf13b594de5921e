package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func TestRunAgents(t *testing.T) {
	activities := fakes{"ListEnrolledInstances": map[string]nova.EnrolledInstance{"i1": {Name: "web-1", Enrolled: true}, "i2": {Name: "web-2", Enrolled: true}}, "SetAgentStates": nil,
		"RunAgentPlaybook": map[string]ansible.HostOutcome{"i1": {State: instance.Installed, Version: "4.3"}, "i2": {State: instance.Installed}}}
	in := workflows.AgentsInput{Action: workflows.InstallAgents, Apps: []string{"ntp"}, Instances: []string{"i1", "i2"}, Locked: true}
	r := execute(t, workflows.RunAgents, in, activities)
	requireSucceeded(t, r, "ListEnrolledInstances", "SetAgentStates", "RunAgentPlaybook", "SetAgentStates")

	activities["RunAgentPlaybook"] = map[string]ansible.HostOutcome{"i1": {State: instance.Installed}, "i2": {State: instance.Failed, Reason: i18n.Messagef("the host cannot be reached")}}
	r = execute(t, workflows.RunAgents, in, activities)
	require.NoError(t, r.Err)
	require.Equal(t, operation.PartiallyFailed, r.Status)
	require.Equal(t, "1 of 2 failed: the host cannot be reached", r.Message.String())
	require.Equal(t, "1 sur 2 ont échoué : l'hôte est injoignable", r.Message.In("fr"))

	in.Instances = []string{"i3"}
	r = execute(t, workflows.RunAgents, in, activities)
	require.Equal(t, fault.Invalid, fault.KindOf(r.Err))
	require.Contains(t, fault.MessageOf(r.Err).String(), "the instance is not enrolled")
	require.NotContains(t, r.Calls, "RunAgentPlaybook")

	in = workflows.AgentsInput{Action: workflows.CheckAgents, Apps: []string{"ntp"}, Instances: []string{"i1"}, Locked: true}
	r = execute(t, workflows.RunAgents, in, activities)
	require.NoError(t, r.Err, "the agent is not installed, which is not a failure of the check")
	require.NotContains(t, r.Calls, "RunAgentPlaybook")
}

// The state of the agents is saved although the playbook failed as a whole.
func TestRunAgents_PlaybookFails(t *testing.T) {
	activities := fakes{"ListEnrolledInstances": map[string]nova.EnrolledInstance{"i1": {Name: "web-1", Enrolled: true}}, "SetAgentStates": nil,
		"RunAgentPlaybook": fault.Final(fault.New(fault.Invalid, nil, "the playbook was not run"))}
	r := execute(t, workflows.RunAgents, workflows.AgentsInput{Action: workflows.InstallAgents, Apps: []string{"ntp"}, Instances: []string{"i1"}, Locked: true}, activities)
	require.Equal(t, operation.Failed, r.Status)
	saved := r.In["SetAgentStates"].([]any)[0].(map[string]any)
	require.Equal(t, string(instance.Failed), saved["Agent"].(map[string]any)["state"])
}
