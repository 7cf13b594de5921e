package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// UnenrollInstanceInput names the instance.
type UnenrollInstanceInput struct {
	ID string `json:"id"`
}

// UnenrollInstance removes the manager's user and key from the instance, detaches its subnet if the manager attached it,
// and deletes the enrollment from the server's metadata. An instance that no longer responds is unenrolled all the same;
// the task reports what may be left on it.
func UnenrollInstance(ctx workflow.Context, in UnenrollInstanceInput) (err error) {
	var (
		compute *nova.Activities
		network *neutron.Activities
		host    *ansible.Activities
	)
	run, err := operation.Begin(ctx, compute.GetEnrollment, host.RemoveAccess, network.DetachSubnetFromRouter, compute.DeleteEnrollment)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)

	ref := nova.InstanceRef{ID: in.ID}
	var kept nova.EnrolledInstance
	if err := run.Call(ctx, compute.GetEnrollment, ref, &kept); err != nil {
		return err
	}
	if !kept.Enrolled {
		run.Skip(host.RemoveAccess, network.DetachSubnetFromRouter)
		return run.Call(ctx, compute.DeleteEnrollment, ref, nil) // an interrupted attempt may have left a part
	}
	where := ansible.SSHTarget{Address: kept.Enrollment.Address, HostKey: kept.Enrollment.HostKey}
	err = run.Wait(ctx, removeTimeout, host.RemoveAccess, where, nil)
	if temporal.IsCanceledError(err) {
		return err
	}
	if err != nil {
		run.PartiallyFailed("the user %s may still be on the instance: remove it there with enroll.sh --uninstall (%s)", "mcm", fault.MessageOf(err))
	}
	// From here on the operation cannot be cancelled: a partial unenrollment would leave an instance without access.
	free, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	if err := run.Call(free, network.DetachSubnetFromRouter, neutron.DetachSubnetFromRouterInput{Subnet: kept.Enrollment.Subnet, ServerID: in.ID}, nil); err != nil {
		return err
	}
	return run.Call(free, compute.DeleteEnrollment, ref, nil)
}
