package identity

// Role is a set of permissions.
type Role string

// The roles. Each includes the previous one.
const (
	None          Role = ""
	Viewer        Role = "viewer"
	Operator      Role = "operator"
	Administrator Role = "administrator"
)

func (r Role) rank() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Administrator:
		return 3
	}
	return 0
}

// Allows reports whether role r includes role need. The empty need is never allowed: deny by default.
func (r Role) Allows(need Role) bool { return need.rank() > 0 && r.rank() >= need.rank() }

// RoleFromKeystone returns the highest role for a list of Keystone roles.
func RoleFromKeystone(names []string) Role {
	best := None
	for _, name := range names {
		role := None
		switch name {
		case "reader":
			role = Viewer
		case "member", "_member_":
			role = Operator
		case "admin", "manager":
			role = Administrator
		}
		if role.rank() > best.rank() {
			best = role
		}
	}
	return best
}
