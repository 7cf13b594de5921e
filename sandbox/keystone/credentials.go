package keystone

import (
	"slices"
	"time"

	"mycloudmanager/sandbox/sim"
)

// credentialRoutes registers the application credentials API.
// https://docs.openstack.org/api-ref/identity/v3/#application-credentials
func (s *Service) credentialRoutes() {
	const path = "/v3/users/{user}/application_credentials"
	s.Handle("GET "+path, 200, s.listCredentials)
	s.Handle("POST "+path, 201, s.createCredential, sim.Read)
	s.Handle("GET "+path+"/{id}", 200, s.showCredential)
	s.Handle("DELETE "+path+"/{id}", 204, s.deleteCredential, sim.Read)
}

func (s *Service) owner(r *sim.Request) error {
	if r.PathValue("user") != r.Actor.UserID && !r.Actor.Admin() {
		return sim.Forbidden("You are not authorized to perform the requested action: identity:application_credential.")
	}
	return nil
}

// whole refuses a restricted application credential, which may not create or delete others.
func (s *Service) whole(r *sim.Request) error {
	token := s.cloud.Get(Tokens, r.Header.Get("X-Auth-Token"))
	if sim.Str(token, "app_cred") != "" && !sim.Bool(token, "unrestricted") {
		return sim.Forbidden("You are not authorized to perform the requested action: Using method 'application_credential' " +
			"is not allowed for managing additional application credentials..")
	}
	return s.owner(r)
}

func (s *Service) createCredential(r *sim.Request) (any, error) {
	if err := s.whole(r); err != nil {
		return nil, err
	}
	in := sim.Map(r.Body, "application_credential")
	user, name := r.PathValue("user"), sim.Str(in, "name")
	if name == "" {
		return nil, sim.BadRequest("'name' is a required property")
	}
	for _, o := range s.cloud.With(Credentials, "_user_id", user) {
		if sim.Str(o, "name") == name {
			return nil, sim.Conflict("Conflict occurred attempting to store application_credential - "+
				"Duplicate entry found with name %s.", name)
		}
	}
	roles, err := s.delegated(r, sim.Objs(in, "roles"))
	if err != nil {
		return nil, err
	}
	secret := sim.Str(in, "secret")
	if secret == "" {
		secret = sim.Secret(64)
	}
	end, err := s.end(in["expires_at"])
	if err != nil {
		return nil, err
	}
	id := sim.HexID()
	cred := sim.Document{"id": id, "name": name, "description": in["description"], "project_id": r.Actor.ProjectID,
		"roles": roles, "unrestricted": sim.Bool(in, "unrestricted"), "expires_at": end,
		"system": nil, "_user_id": user, "_digest": Digest(id, secret)}
	s.cloud.Put(Credentials, cred)
	out := s.viewCredential(r)(cred)
	out["secret"], out["user_id"] = secret, user
	return sim.Document{"application_credential": out}, nil
}

// credentialEnd is the time format of a credential's expiration.
const credentialEnd = "2006-01-02T15:04:05.000000"

// end parses the expiration of a credential; nil means never.
func (s *Service) end(given any) (any, error) {
	if given == nil {
		return nil, nil
	}
	text := sim.Text(given)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"} {
		at, err := time.Parse(layout, text)
		if err == nil && at.Before(s.cloud.Now()) {
			return nil, sim.BadRequest("The 'expires_at' must not be before now. The server could not comply with the request since it is " +
				"either malformed or otherwise incorrect. The client is assumed to be in error.")
		}
		if err == nil {
			return sim.Stamp(at, credentialEnd), nil
		}
	}
	return nil, sim.BadRequest("The parameter expires_at is invalid: %s", text)
}

// delegated returns the roles of a credential: the requested subset of its creator's roles, or all of them.
func (s *Service) delegated(r *sim.Request, want []sim.Document) ([]any, error) {
	var out []any
	for _, role := range s.cloud.All(Roles) {
		asked := len(want) == 0 || slices.ContainsFunc(want, func(w sim.Document) bool {
			return sim.Str(w, "name") == sim.Str(role, "name") || sim.Str(w, "id") == sim.Str(role, "id")
		})
		if asked && slices.Contains(r.Actor.Roles, sim.Str(role, "name")) {
			out = append(out, sim.Document{"id": role["id"], "name": role["name"], "domain_id": nil, "description": nil,
				"options": sim.Document{"immutable": true}})
		}
	}
	if len(want) > len(out) {
		return nil, sim.BadRequest("Invalid application credential: Could not find role assignment")
	}
	return out, nil
}

func (s *Service) viewCredential(r *sim.Request) func(sim.Document) sim.Document {
	return func(o sim.Document) sim.Document {
		out := sim.Public(o)
		out["links"] = sim.Document{"self": r.Base() + "/v3/users/" + sim.Str(o, "_user_id") + "/application_credentials/" + sim.Str(o, "id")}
		return out
	}
}

func (s *Service) listCredentials(r *sim.Request) (any, error) {
	if err := s.owner(r); err != nil {
		return nil, err
	}
	docs := sim.Filter(s.cloud.With(Credentials, "_user_id", r.PathValue("user")), r.URL.Query())
	return page(r, "application_credentials", sim.Views(docs, s.viewCredential(r))), nil
}

func (s *Service) credential(r *sim.Request) (sim.Document, error) {
	if err := s.owner(r); err != nil {
		return nil, err
	}
	o := s.cloud.Get(Credentials, r.ID())
	if o == nil || sim.Str(o, "_user_id") != r.PathValue("user") {
		return nil, notFound("Application Credential", r.ID())
	}
	return o, nil
}

func (s *Service) showCredential(r *sim.Request) (any, error) {
	o, err := s.credential(r)
	if err != nil {
		return nil, err
	}
	return sim.Document{"application_credential": s.viewCredential(r)(o)}, nil
}

func (s *Service) deleteCredential(r *sim.Request) (any, error) {
	if err := s.whole(r); err != nil {
		return nil, err
	}
	o, err := s.credential(r)
	if err != nil {
		return nil, err
	}
	s.cloud.Delete(Credentials, sim.Str(o, "id"))
	return nil, nil
}

// TrustRefused returns the fault for a token that may not create trusts (an application credential, since the
// fix of CVE-2026-43000), or nil.
func TrustRefused(a sim.Actor) error {
	if slices.Contains(a.Methods, "application_credential") {
		return sim.Forbidden("You are not authorized to perform the requested action: " +
			"Delegated tokens cannot manage trusts..")
	}
	return nil
}

func (s *Service) createTrust(r *sim.Request) (any, error) {
	if err := TrustRefused(r.Actor); err != nil {
		return nil, err
	}
	trust := sim.Merge(sim.Document{"id": sim.HexID(), "trustor_user_id": r.Actor.UserID,
		"project_id": r.Actor.ProjectID, "deleted_at": nil}, sim.Map(r.Body, "trust"))
	s.cloud.Put("keystone/trusts", trust)
	return sim.Document{"trust": trust}, nil
}

func (s *Service) listTrusts(r *sim.Request) (any, error) {
	if err := TrustRefused(r.Actor); err != nil {
		return nil, err
	}
	return page(r, "trusts", s.cloud.With("keystone/trusts", "trustor_user_id", r.Actor.UserID)), nil
}
