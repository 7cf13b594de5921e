// Package identity signs people and machines in with Keystone and tells what they may do.
package identity

import (
	"time"
)

// Identity is someone who was authenticated for the managed project.
type Identity struct {
	UserID      string
	UserName    string
	ProjectID   string
	ProjectName string
	Role        Role
	Token       string // Keystone's
	ExpiresAt   time.Time
	// Restricted tells that the token comes from an application credential: Keystone lets it make
	// no trust, so Heat cannot store a stack for it.
	Restricted bool
}

// Credentials are what a sign-in gives: a password or an application credential.
type Credentials struct {
	Username      string
	Password      string
	UserDomain    string
	Project       string
	ProjectDomain string

	ApplicationCredentialID     string
	ApplicationCredentialSecret string
}
