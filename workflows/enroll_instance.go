package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
)

// signInTimeout is how long the script on the instance has to authorize the manager's key.
const signInTimeout = 10 * time.Minute

// EnrollInstanceInput is what an instance said with a token that was good.
type EnrollInstanceInput struct {
	ID        string   `json:"id"`
	SourceIP  string   `json:"source_ip"`
	HostKey   string   `json:"host_key"`
	MachineID string   `json:"machine_id"`
	Addresses []string `json:"addresses"`
	Agents    []string `json:"agents"`
}

// EnrollInstance makes a server one of ours: it must be the project's own and have the address that
// asked; its subnet is attached to the stack's router where it is not; the manager signs in with the
// host key that was sent, and writes into the server's metadata that it is enrolled. Then the agents
// are installed that the token asks for. If it fails or is cancelled, subnet and metadata are as
// they were; agents that fail leave the instance enrolled.
func EnrollInstance(ctx workflow.Context, in EnrollInstanceInput) (err error) {
	var (
		compute *nova.Activities
		network *neutron.Activities
		host    *ansible.Activities
	)
	run, err := operation.Begin(ctx, compute.ValidateEnrollment, network.AttachSubnetToRouter, compute.RecordRequiredSubnet, host.AwaitSSH, compute.SaveEnrollment)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)

	var server nova.ValidatedInstance
	if err := run.Call(ctx, compute.ValidateEnrollment, nova.ValidateEnrollmentInput{ID: in.ID, SourceIP: in.SourceIP, HostKey: in.HostKey,
		MachineID: in.MachineID, Addresses: in.Addresses}, &server); err != nil {
		return err
	}
	var way neutron.AttachSubnetToRouterResult
	run.Compensate(network.DetachSubnetFromRouter, func() any { return detachSubnet(way, in.ID, server.Address) })
	if err := run.Call(ctx, network.AttachSubnetToRouter, neutron.AttachSubnetToRouterInput{ServerID: in.ID, Address: server.Address, RecordSubnet: true}, &way); err != nil {
		return err
	}
	run.Compensate(compute.DeleteEnrollment, nova.InstanceRef{ID: in.ID})
	if err := run.Call(ctx, compute.RecordRequiredSubnet, nova.RecordRequiredSubnetInput{ID: in.ID, Subnet: ownSubnet(way)}, nil); err != nil {
		return err
	}
	var facts ansible.HostFacts
	if err := run.Wait(ctx, signInTimeout, host.AwaitSSH, ansible.SSHTarget{Address: server.Address, HostKey: in.HostKey}, &facts); err != nil {
		return err
	}
	if err := run.Call(ctx, compute.SaveEnrollment, nova.SaveEnrollmentInput{ID: in.ID, Enrollment: instance.Enrollment{
		At: workflow.Now(ctx), Address: server.Address, HostKey: in.HostKey, Distribution: facts.Distribution, MachineID: facts.MachineID, Subnet: ownSubnet(way),
	}}, nil); err != nil {
		return err
	}
	run.Commit()
	run.Result("address", server.Address)
	run.Result("distribution", facts.Distribution)
	err = runAgentPlaybooks(ctx, run, ansible.Install, in.Agents, []string{in.ID}, playResult{})
	if err != nil && !temporal.IsCanceledError(err) {
		run.PartiallyFailed("it is enrolled, but agents failed: %s", fault.MessageOf(err))
		return nil
	}
	return err
}

// detachSubnet takes back what a connection made, also one that failed half way.
func detachSubnet(way neutron.AttachSubnetToRouterResult, id, address string) neutron.DetachSubnetFromRouterInput {
	if way.Subnet == "" {
		return neutron.DetachSubnetFromRouterInput{ServerID: id, Address: address}
	}
	return neutron.DetachSubnetFromRouterInput{Subnet: ownSubnet(way), ServerID: id}
}

// ownSubnet is the subnet to take back: only one that the manager attached.
func ownSubnet(way neutron.AttachSubnetToRouterResult) string {
	if way.Created {
		return way.Subnet
	}
	return ""
}
