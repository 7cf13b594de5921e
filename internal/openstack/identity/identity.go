// Package identity authenticates users and programs with Keystone, and returns their role.
package identity

import (
	"time"
)

// Identity is a user or a program that was authenticated for the managed project.
type Identity struct {
	UserID      string
	UserName    string
	ProjectID   string
	ProjectName string
	Role        Role
	Token       string // of Keystone
	ExpiresAt   time.Time
	// Restricted is true for a token of an application credential: Keystone does not let it create a trust, so Heat
	// cannot create a stack with it.
	Restricted bool
}

// Credentials are a password or an application credential.
type Credentials struct {
	Username      string
	Password      string
	UserDomain    string
	Project       string
	ProjectDomain string

	ApplicationCredentialID     string
	ApplicationCredentialSecret string
}
