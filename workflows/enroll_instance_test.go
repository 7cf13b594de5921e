package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

func enrollActivities() fakes {
	return fakes{"ValidateEnrollment": nova.ValidatedInstance{Address: "10.0.0.4"}, "AttachSubnetToRouter": neutron.AttachSubnetToRouterResult{Subnet: "s1", Created: true},
		"RecordRequiredSubnet": nil, "AwaitSSH": ansible.HostFacts{Distribution: "Debian 12"}, "SaveEnrollment": nil, "DetachSubnetFromRouter": nil, "DeleteEnrollment": nil}
}

func TestEnrollInstance_success(t *testing.T) {
	r := execute(t, workflows.EnrollInstance, workflows.EnrollInstanceInput{ID: "i1", HostKey: "k"}, enrollActivities())
	requireSucceeded(t, r, "ValidateEnrollment", "AttachSubnetToRouter", "RecordRequiredSubnet", "AwaitSSH", "SaveEnrollment")
	require.Equal(t, map[string]any{"address": "10.0.0.4", "distribution": "Debian 12"}, r.Result)
	require.Equal(t, "k", r.In["AwaitSSH"].(map[string]any)["HostKey"], "the host key of the script is pinned")
}

func TestEnrollInstance_failure(t *testing.T) {
	activities := enrollActivities()
	activities["AwaitSSH"] = fault.Final(fault.New(fault.Forbidden, nil, "web-1 refuses the manager's SSH key"))
	r := execute(t, workflows.EnrollInstance, workflows.EnrollInstanceInput{ID: "i1"}, activities)
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, []string{"DeleteEnrollment", "DetachSubnetFromRouter"}, r.compensations())
	require.Equal(t, "s1", r.In["DetachSubnetFromRouter"].(map[string]any)["Subnet"])

	activities["ValidateEnrollment"] = fault.Final(fault.New(fault.Invalid, nil, "the instance has no such address"))
	r = execute(t, workflows.EnrollInstance, workflows.EnrollInstanceInput{ID: "i1"}, activities)
	require.Empty(t, r.compensations(), "nothing was changed")
}
