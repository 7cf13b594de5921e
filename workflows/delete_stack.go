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

const leftoversTimeout = 15 * time.Minute

// DeleteStackInput names the stack. The user has confirmed the name.
type DeleteStackInput struct {
	Name      string `json:"name"`
	UserToken string `json:"user_token"`
}

// SetUserToken implements operation.TokenUser.
func (in *DeleteStackInput) SetUserToken(token string) { in.UserToken = token }

// DeleteStack uninstalls the apps to free their volumes, detaches the subnets of instances, deletes the stack through
// Heat, and deletes leftover resources with our tag. The volumes are kept: they hold the data of the apps.
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

	if err := run.Wait(ctx, leftoversTimeout, k8s.UninstallAllApps, nil, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, network.DetachInstanceSubnets, nil, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, stackTimeout, orchestration.DeleteStack, ref, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, orchestration.DeleteStackCredential, ref, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, leftoversTimeout, compute.DeleteOrphanedServers, nova.DeleteOrphanedServersInput{Stack: in.Name}, nil); err != nil {
		return err
	}
	if err := run.Call(ctx, network.DeleteOrphanedNetworks, neutron.DeleteOrphanedNetworksInput{Stack: in.Name}, nil); err != nil {
		return err
	}
	return run.Call(ctx, k8s.ResetClusterConnection, nil, nil)
}
