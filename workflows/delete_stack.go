package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/operation"
)

const sweepTimeout = 15 * time.Minute

// DeleteStackInput names the stack; the user has typed its name.
type DeleteStackInput struct {
	Name      string `json:"name"`
	UserToken string `json:"user_token"`
}

// SetUserToken implements flow.TokenUser.
func (in *DeleteStackInput) SetUserToken(token string) { in.UserToken = token }

// DeleteStack stops the apps so that their volumes come free, detaches the subnets of instances, has Heat delete the stack, and sweeps
// what still carries our tag. The volumes stay: they hold the apps' data.
func DeleteStack(ctx workflow.Context, in DeleteStackInput) (err error) {
	var (
		k8s           *kubernetes.Activities
		orchestration *heat.Activities
		compute       *nova.Activities
		network       *neutron.Activities
	)
	run, err := operation.Begin(ctx, k8s.UninstallAllApps, orchestration.DeleteStack, orchestration.DeleteStackCredential,
		compute.DeleteOrphanedServers, network.DeleteOrphanedNetworks, k8s.ResetClusterConnection)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	ref := func() any { return heat.Ref{Name: in.Name, UserToken: run.UserToken(in.UserToken)} }

	if err := run.Wait(ctx, sweepTimeout, k8s.UninstallAllApps, nil, nil); err != nil {
		return err
	}
	if workflow.GetVersion(ctx, "DeleteStack-instances", workflow.DefaultVersion, 1) == 1 {
		if err := run.Call(ctx, network.DetachInstanceSubnets, nil, nil); err != nil {
			return err
		}
	}
	if err := run.Wait(ctx, stackTimeout, orchestration.DeleteStack, ref, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, orchestration.DeleteStackCredential, ref, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, sweepTimeout, compute.DeleteOrphanedServers, nova.DeleteOrphanedServersInput{Stack: in.Name}, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, network.DeleteOrphanedNetworks, neutron.DeleteOrphanedNetworksInput{Stack: in.Name}, nil); err != nil {
		return err
	}
	return run.Call(ctx, k8s.ResetClusterConnection, nil, nil)
}
