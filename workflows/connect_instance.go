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

// ConnectInstance attaches the instance's subnet to the stack's router, so that apps and the manager can reach the
// instance. A cancel detaches the subnet.
func ConnectInstance(ctx workflow.Context, in ConnectInstanceInput) (err error) {
	var network *neutron.Activities
	run, err := operation.Begin(ctx, network.AttachSubnetToRouter)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	var attached neutron.AttachSubnetToRouterResult
	run.Compensate(network.DetachSubnetFromRouter, func() any {
		undo := detachSubnet(attached, in.ID, in.Address)
		undo.Keep = true // the instance may be enrolled, and stays so
		return undo
	})
	if err := run.Call(ctx, network.AttachSubnetToRouter, neutron.AttachSubnetToRouterInput{ServerID: in.ID, Address: in.Address}, &attached); err != nil {
		return err
	}
	run.Result("subnet", attached.Subnet)
	run.Result("attached", attached.Created)
	return nil
}
