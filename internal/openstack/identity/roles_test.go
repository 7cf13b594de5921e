package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack/identity"
)

func TestRole_Allows(t *testing.T) {
	order := []identity.Role{identity.None, identity.Viewer, identity.Operator, identity.Administrator}
	for has, role := range order {
		for asked, need := range order {
			require.Equal(t, need != identity.None && has >= asked, role.Allows(need), "%q for %q", role, need)
		}
		require.False(t, role.Allows("public"), "%q for a word of another package", role)
	}
	require.False(t, identity.Role("root").Allows(identity.Viewer), "a role of nobody")
}

func TestRoleFromKeystone(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  identity.Role
	}{
		{nil, identity.None}, {[]string{"heat_stack_owner", "load-balancer_member"}, identity.None}, {[]string{"Admin"}, identity.None},
		{[]string{"reader"}, identity.Viewer}, {[]string{"member"}, identity.Operator}, {[]string{"_member_"}, identity.Operator},
		{[]string{"admin"}, identity.Administrator}, {[]string{"manager"}, identity.Administrator},
		{[]string{"admin", "member", "reader"}, identity.Administrator}, {[]string{"reader", "member"}, identity.Operator},
	} {
		require.Equal(t, c.want, identity.RoleFromKeystone(c.names), "%v", c.names)
	}
}
