package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/neutron"
	"mycloudmanager/internal/operation"
)

// ConnectInstanceInput names the instance and one of its addresses.
type ConnectInstanceInput struct {
	ID      string `json:"id"`
	Address string `json:"address"`
}

// ConnectInstance attaches the instance's subnet to the stack's router, so that apps and manager
// reach it. A cancel takes it back.
func ConnectInstance(ctx workflow.Context, in ConnectInstanceInput) (err error) {
	var network *neutron.Activities
	run, err := operation.Begin(ctx, network.ConnectInstance)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	var way neutron.Connected
	run.Undo(network.DisconnectSubnet, func() any {
		undo := undoConnect(way, in.ID, in.Address)
		undo.Stays = true // connecting enrolls nothing, and what is enrolled stays so
		return undo
	})
	if err := run.Call(ctx, network.ConnectInstance, neutron.ConnectInput{ServerID: in.ID, Address: in.Address}, &way); err != nil {
		return err
	}
	run.Result("subnet", way.Subnet)
	run.Result("attached", way.Made)
	return nil
}
