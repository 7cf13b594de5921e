package main

import "log"

func recordKeystone(c *cloud) {
	nobody := c.demo.withoutToken()
	nobody.record("token_password", 201, "POST", "keystone", "/auth/tokens", passwordAuth("demo", c.password))
	nobody.record("bad_password", 401, "POST", "keystone", "/auth/tokens", passwordAuth("demo", "wrong"))
	nobody.record("unknown_user", 401, "POST", "keystone", "/auth/tokens", passwordAuth("nobody", "wrong"))
	nobody.record("bad_request", 400, "POST", "keystone", "/auth/tokens", object{"auth": object{"identity": object{}}})
	elsewhere := passwordAuth("demo", c.password)
	elsewhere["auth"].(object)["scope"] = object{"project": object{"name": "admin", "domain": object{"id": "default"}}}
	nobody.record("project_refused", 401, "POST", "keystone", "/auth/tokens", elsewhere)
	nobody.record("versions", 200, "GET", "keystone", "", nil)
	nobody.record("unauthorized", 401, "GET", "keystone", "/auth/projects", nil)

	c.demo.record("auth_projects", 200, "GET", "keystone", "/auth/projects", nil)
	c.demo.with("X-Subject-Token", c.demo.token).record("token_validate", 200, "GET", "keystone", "/auth/tokens", nil)
	c.demo.with("X-Subject-Token", "gAAAAABnot-a-token").record("token_validate_not_found", 404, "GET", "keystone",
		"/auth/tokens", nil)
	c.demo.record("forbidden", 403, "POST", "keystone", "/users", object{"user": object{"name": "rec"}})
	c.demo.record("not_found", 404, "GET", "keystone",
		"/users/"+c.demo.user+"/application_credentials/00000000000000000000000000000000", nil)
	c.expired().record("token_expired", 401, "GET", "keystone", "/auth/projects", nil)
	recordApplicationCredentials(c)
}

// expired returns a session with an invalid token that no service has cached. The response for a revoked token
// is the same as for an expired one.
func (c *cloud) expired() *session {
	s := c.signIn("demo")
	s.with("X-Subject-Token", s.token).must("DELETE", "keystone", "/auth/tokens", nil)
	return s
}

func recordApplicationCredentials(c *cloud) {
	path := "/users/" + c.demo.user + "/application_credentials"
	body := object{"application_credential": object{"name": "rec-credential", "roles": []object{{"name": "member"}}}}
	made := c.demo.record("application_credential_create", 201, "POST", "keystone", path, body)
	id, secret := made.text("application_credential", "id"), made.text("application_credential", "secret")
	c.demo.later("keystone", path+"/"+id)
	c.demo.record("conflict", 409, "POST", "keystone", path, body)
	c.demo.record("application_credentials", 200, "GET", "keystone", path, nil)

	auth := func(secret string) object {
		return object{"auth": object{"identity": object{"methods": []string{"application_credential"},
			"application_credential": object{"id": id, "secret": secret}}}}
	}
	nobody := c.demo.withoutToken()
	nobody.record("token_application_credential", 201, "POST", "keystone", "/auth/tokens", auth(secret))
	nobody.record("application_credential_bad_secret", 401, "POST", "keystone", "/auth/tokens", auth("wrong"))
	by := c.session(auth(secret))
	by.record("application_credential_restricted", 403, "POST", "keystone", path, body)
	trust := object{"trust": object{"trustor_user_id": c.demo.user, "trustee_user_id": c.admin.user,
		"project_id": c.demo.project, "impersonation": true, "roles": []object{{"name": "member"}}}}
	a := by.do("POST", "keystone", "/OS-TRUST/trusts", trust)
	if a.status == 201 {
		log.Print("keystone: this release lets an application credential make a trust")
		by.later("keystone", "/OS-TRUST/trusts/"+a.text("trust", "id"))
	}
	by.write("trust_by_application_credential", "POST", "keystone", "/OS-TRUST/trusts", trust, a)
}
