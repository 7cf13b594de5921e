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

// ConnectInstance attaches the subnet of an instance to the router of the stack, so that apps and manager reach the instance.
// A cancel detaches the subnet again.
func ConnectInstance(ctx workflow.Context, in ConnectInstanceInput) (err error) {
	var network *neutron.Activities
	run, err := operation.Begin(ctx, network.AttachSubnetToRouter)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	var way neutron.AttachSubnetToRouterResult
	run.Compensate(network.DetachSubnetFromRouter, func() any {
		undo := detachSubnet(way, in.ID, in.Address)
		undo.Keep = true // connecting enrolls nothing, and what is enrolled stays so
		return undo
	})
	if err := run.Call(ctx, network.AttachSubnetToRouter, neutron.AttachSubnetToRouterInput{ServerID: in.ID, Address: in.Address}, &way); err != nil {
		return err
	}
	run.Result("subnet", way.Subnet)
	run.Result("attached", way.Created)
	return nil
}
