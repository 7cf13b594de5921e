package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

func TestUnenrollInstance(t *testing.T) {
	enrolled := nova.EnrolledInstance{Name: "web-1", Enrolled: true}
	enrolled.Enrollment.Address, enrolled.Enrollment.Subnet = "10.0.0.4", "s1"
	activities := fakes{"GetEnrollment": enrolled, "RemoveAccess": nil, "DetachSubnetFromRouter": nil, "DeleteEnrollment": nil}
	r := execute(t, workflows.UnenrollInstance, workflows.UnenrollInstanceInput{ID: "i1"}, activities)
	requireSucceeded(t, r, "GetEnrollment", "RemoveAccess", "DetachSubnetFromRouter", "DeleteEnrollment")
	require.Equal(t, "10.0.0.4", r.In["RemoveAccess"].(map[string]any)["Address"])

	// An instance that does not respond is unenrolled nevertheless, and the task names what is left on it.
	activities["RemoveAccess"] = fault.Final(fault.New(fault.Unavailable, nil, "web-1 does not respond"))
	r = execute(t, workflows.UnenrollInstance, workflows.UnenrollInstanceInput{ID: "i1"}, activities)
	require.NoError(t, r.Err)
	require.Equal(t, operation.PartiallyFailed, r.Status)
	require.Contains(t, r.Message.String(), "web-1 does not respond")
	require.Contains(t, r.Calls, "DeleteEnrollment")

	activities["GetEnrollment"] = nova.EnrolledInstance{Name: "web-1"}
	r = execute(t, workflows.UnenrollInstance, workflows.UnenrollInstanceInput{ID: "i1"}, activities)
	requireSucceeded(t, r, "GetEnrollment", "DeleteEnrollment")
}

func TestConnectInstance(t *testing.T) {
	activities := fakes{"AttachSubnetToRouter": neutron.AttachSubnetToRouterResult{Subnet: "s1", Created: true}, "DetachSubnetFromRouter": nil}
	r := execute(t, workflows.ConnectInstance, workflows.ConnectInstanceInput{ID: "i1", Address: "10.0.0.4"}, activities)
	requireSucceeded(t, r, "AttachSubnetToRouter")
	require.Equal(t, map[string]any{"subnet": "s1", "attached": true}, r.Result)

	activities["AttachSubnetToRouter"] = fault.Final(fault.New(fault.Invalid, nil, "the subnet overlaps"))
	r = execute(t, workflows.ConnectInstance, workflows.ConnectInstanceInput{ID: "i1"}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, []string{"DetachSubnetFromRouter"}, r.compensations())
}
