package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/stack"
	"mycloudmanager/workflows"
)

func deployActivities() fakes {
	masters, nodes := 1, 2
	return fakes{"PreflightStack": stack.Parameters{Name: "toolbox", Masters: &masters, Nodes: &nodes}, "CreateStack": heat.Ref{ID: "h1", Name: "toolbox"}, "AwaitStack": nil,
		"AwaitCluster": kubernetes.AwaitClusterResult{Version: "v1.36"}, "DeleteStack": nil, "DeleteStackCredential": nil}
}

func TestDeployStack_success(t *testing.T) {
	r := execute(t, workflows.DeployStack, workflows.DeployStackInput{Parameters: stack.Parameters{Name: "toolbox"}}, deployActivities())
	requireSucceeded(t, r, "PreflightStack", "CreateStack", "AwaitStack", "AwaitCluster")
	require.Equal(t, map[string]any{"heat_id": "h1", "cluster": "v1.36"}, r.Result)
	require.EqualValues(t, 3, r.In["AwaitCluster"].(map[string]any)["Servers"], "masters and nodes")
}

func TestDeployStack_failure(t *testing.T) {
	activities := deployActivities()
	activities["AwaitStack"] = fault.Final(fault.New(fault.Invalid, nil, "No valid host was found"))
	r := execute(t, workflows.DeployStack, workflows.DeployStackInput{}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, "No valid host was found", fault.MessageOf(r.Err).String())
	require.Equal(t, []string{"DeleteStack", "DeleteStackCredential"}, r.compensations())

	activities = deployActivities()
	activities["PreflightStack"] = fault.Final(fault.New(fault.Invalid, nil, "no flavor is large enough"))
	r = execute(t, workflows.DeployStack, workflows.DeployStackInput{}, activities)
	require.Equal(t, []string{"PreflightStack"}, r.Calls)
	require.Empty(t, r.compensations(), "nothing was created")
}

func TestUpdateStack(t *testing.T) {
	activities := fakes{"UpdateStack": nil, "AwaitStack": nil, "AwaitCluster": nil}
	nodes := 4
	r := execute(t, workflows.UpdateStack, workflows.UpdateStackInput{Name: "toolbox", Changes: stack.Changes{Nodes: &nodes}, UserToken: "t"}, activities)
	requireSucceeded(t, r, "UpdateStack", "AwaitStack", "AwaitCluster")
	require.Equal(t, "t", r.In["UpdateStack"].(map[string]any)["UserToken"])
}

func TestDeleteStack(t *testing.T) {
	activities := fakes{"UninstallAllApps": nil, "DetachInstanceSubnets": nil, "DeleteStack": nil, "DeleteStackCredential": nil, "DeleteOrphanedServers": nil,
		"DeleteOrphanedNetworks": nil, "ResetClusterConnection": nil}
	r := execute(t, workflows.DeleteStack, workflows.DeleteStackInput{Name: "toolbox"}, activities)
	requireSucceeded(t, r, "UninstallAllApps", "DetachInstanceSubnets", "DeleteStack", "DeleteStackCredential", "DeleteOrphanedServers", "DeleteOrphanedNetworks", "ResetClusterConnection")
}
