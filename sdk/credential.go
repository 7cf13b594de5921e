package sdk

import "net/http"

// Credential authenticates requests.
type Credential interface {
	// Authorize adds the credential to the header of a request.
	Authorize(r *http.Request)
}

// Token is a Keystone token that is scoped to the project of the manager.
type Token string

// Authorize implements Credential.
func (t Token) Authorize(r *http.Request) { r.Header.Set("X-Auth-Token", string(t)) }

// ApplicationCredential is a Keystone application credential of the project of the manager.
type ApplicationCredential struct{ ID, Secret string }

// Authorize implements Credential.
func (a ApplicationCredential) Authorize(r *http.Request) { r.SetBasicAuth(a.ID, a.Secret) }

// SessionCookie is the session that OpenSession has opened.
type SessionCookie struct{ Cookie, CSRFToken string }

// Authorize implements Credential.
func (s SessionCookie) Authorize(r *http.Request) {
	r.Header.Set("Cookie", s.Cookie)
	r.Header.Set("X-CSRF-Token", s.CSRFToken)
}
