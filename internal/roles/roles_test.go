package roles_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/roles"
)

func TestEachRoleIncludesTheOneBefore(t *testing.T) {
	order := []roles.Role{roles.None, roles.Viewer, roles.Operator, roles.Administrator}
	for has, role := range order {
		for asked, need := range order {
			require.Equal(t, need != roles.None && has >= asked, role.Allows(need), "%q for %q", role, need)
		}
		require.False(t, role.Allows("public"), "%q for a word of another package", role)
	}
	require.False(t, roles.Role("root").Allows(roles.Viewer), "a role of nobody")
}

func TestKeystonesRolesGiveTheHighest(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  roles.Role
	}{
		{nil, roles.None}, {[]string{"heat_stack_owner", "load-balancer_member"}, roles.None}, {[]string{"Admin"}, roles.None},
		{[]string{"reader"}, roles.Viewer}, {[]string{"member"}, roles.Operator}, {[]string{"_member_"}, roles.Operator},
		{[]string{"admin"}, roles.Administrator}, {[]string{"manager"}, roles.Administrator},
		{[]string{"admin", "member", "reader"}, roles.Administrator}, {[]string{"reader", "member"}, roles.Operator},
	} {
		require.Equal(t, c.want, roles.FromKeystone(c.names), "%v", c.names)
	}
}
