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

// signInTimeout bounds the wait until the script on the instance has authorized the manager's key.
const signInTimeout = 10 * time.Minute

// EnrollInstanceInput holds the data that an instance sent with a valid token.
type EnrollInstanceInput struct {
	ID        string   `json:"id"`
	SourceIP  string   `json:"source_ip"`
	HostKey   string   `json:"host_key"`
	MachineID string   `json:"machine_id"`
	Addresses []string `json:"addresses"`
	Agents    []string `json:"agents"`
}

// EnrollInstance enrolls a server: it checks that the server belongs to the project and has the address that sent the
// request, attaches the server's subnet to the stack's router if necessary, signs in with the host key from the request,
// and writes the enrollment to the server's metadata. Then it installs the agents that the token lists. After a failure
// or a cancel, subnet and metadata are rolled back. If only agents fail, the instance stays enrolled.
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
	var attached neutron.AttachSubnetToRouterResult
	run.Compensate(network.DetachSubnetFromRouter, func() any { return detachSubnet(attached, in.ID, server.Address) })
	if err := run.Call(ctx, network.AttachSubnetToRouter, neutron.AttachSubnetToRouterInput{ServerID: in.ID, Address: server.Address, RecordSubnet: true}, &attached); err != nil {
		return err
	}
	run.Compensate(compute.DeleteEnrollment, nova.InstanceRef{ID: in.ID})
	if err := run.Call(ctx, compute.RecordRequiredSubnet, nova.RecordRequiredSubnetInput{ID: in.ID, Subnet: ownSubnet(attached)}, nil); err != nil {
		return err
	}
	var facts ansible.HostFacts
	if err := run.Wait(ctx, signInTimeout, host.AwaitSSH, ansible.SSHTarget{Address: server.Address, HostKey: in.HostKey}, &facts); err != nil {
		return err
	}
	if err := run.Call(ctx, compute.SaveEnrollment, nova.SaveEnrollmentInput{ID: in.ID, Enrollment: instance.Enrollment{
		At: workflow.Now(ctx), Address: server.Address, HostKey: in.HostKey, Distribution: facts.Distribution, MachineID: facts.MachineID, Subnet: ownSubnet(attached),
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

// detachSubnet returns the compensation of AttachSubnetToRouter, also for an attempt that was interrupted.
func detachSubnet(attached neutron.AttachSubnetToRouterResult, id, address string) neutron.DetachSubnetFromRouterInput {
	if attached.Subnet == "" {
		return neutron.DetachSubnetFromRouterInput{ServerID: id, Address: address}
	}
	return neutron.DetachSubnetFromRouterInput{Subnet: ownSubnet(attached), ServerID: id}
}

// ownSubnet returns the subnet if the manager attached it, or "".
func ownSubnet(attached neutron.AttachSubnetToRouterResult) string {
	if attached.Created {
		return attached.Subnet
	}
	return ""
}
