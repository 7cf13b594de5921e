package keystone

import (
	"slices"
	"time"

	"mycloudmanager/sandbox/sim"
)

// authenticate issues a token for a password, an application credential or another token.
func (s *Service) authenticate(r *sim.Request) (any, error) {
	auth := sim.Map(r.Body, "auth")
	identity := sim.Map(auth, "identity")
	methods := sim.Strs(identity, "methods")
	if len(methods) == 0 {
		return nil, sim.BadRequest("Invalid input for field 'identity': 'methods' is a required property\n\n" +
			"Failed validating 'required' in schema['properties']['identity']")
	}
	var token sim.Document
	var err error
	switch methods[0] {
	case "password":
		token, err = s.byPassword(identity, sim.Map(auth, "scope"))
	case "application_credential":
		token, err = s.byCredential(identity)
	case "token":
		token, err = s.byToken(identity, sim.Map(auth, "scope"))
	default:
		err = denied()
	}
	if err != nil {
		return nil, err
	}
	return s.issue(r, token), nil
}

func (s *Service) issue(r *sim.Request, token sim.Document) sim.Reply {
	now := s.cloud.Now()
	token["id"] = "gAAAAAB" + sim.Secret(96)
	token["issued_at"] = sim.Stamp(now, sim.Expiry)
	if sim.Str(token, "expires_at") == "" {
		token["expires_at"] = sim.Stamp(now.Add(s.ttl), sim.Expiry)
	}
	token["audit_ids"] = []any{sim.Secret(16)}
	s.deleteExpired()
	s.cloud.Put(Tokens, token)
	return sim.Reply{Header: map[string]string{"X-Subject-Token": sim.Str(token, "id"), "Vary": "X-Auth-Token"},
		Body: sim.Document{"token": s.render(r, token)}}
}

// deleteExpired deletes expired tokens.
func (s *Service) deleteExpired() {
	now := sim.Stamp(s.cloud.Now(), sim.Expiry)
	for _, t := range s.cloud.All(Tokens) {
		if sim.Str(t, "expires_at") < now {
			s.cloud.Delete(Tokens, sim.Str(t, "id"))
		}
	}
}

func (s *Service) byPassword(identity, want sim.Document) (sim.Document, error) {
	given := sim.Map(sim.Map(identity, "password"), "user")
	user := s.findUser(given)
	if user == nil || !sim.Bool(user, "enabled") ||
		sim.Str(user, "_digest") != Digest(sim.Str(user, "id"), sim.Str(given, "password")) {
		return nil, denied()
	}
	return s.scoped(user, want, "password")
}

func (s *Service) byToken(identity, want sim.Document) (sim.Document, error) {
	old := s.cloud.Get(Tokens, sim.Str(sim.Map(identity, "token"), "id"))
	if old == nil || sim.Str(old, "app_cred") != "" {
		return nil, denied()
	}
	token, err := s.scoped(s.cloud.Get(Users, sim.Str(old, "user_id")), want, "token")
	if err == nil {
		token["expires_at"] = old["expires_at"]
		methods := append([]string{"token"}, sim.Strs(old, "methods")...)
		slices.Sort(methods)
		token["methods"] = sim.Anys(slices.Compact(methods))
	}
	return token, err
}

func (s *Service) byCredential(identity sim.Document) (sim.Document, error) {
	given := sim.Map(identity, "application_credential")
	cred := s.cloud.Get(Credentials, sim.Str(given, "id"))
	if cred == nil && sim.Str(given, "name") != "" {
		if user := s.findUser(sim.Map(given, "user")); user != nil {
			cred = first(s.cloud.Where(Credentials, func(o sim.Document) bool {
				return sim.Str(o, "name") == sim.Str(given, "name") && sim.Str(o, "_user_id") == sim.Str(user, "id")
			}))
		}
	}
	if cred == nil && sim.Str(given, "id") != "" {
		return nil, notFound("Application Credential", sim.Str(given, "id"))
	}
	if cred == nil || sim.Str(cred, "_digest") != Digest(sim.Str(cred, "id"), sim.Str(given, "secret")) ||
		expired(cred, s.cloud.Now()) {
		return nil, denied()
	}
	token := s.document(s.cloud.Get(Users, sim.Str(cred, "_user_id")), "application_credential")
	token["project_id"] = cred["project_id"]
	var roles []string
	for _, role := range sim.Objs(cred, "roles") {
		roles = append(roles, sim.Str(role, "name"))
	}
	token["roles"], token["app_cred"] = sim.Anys(roles), cred["id"]
	token["unrestricted"] = cred["unrestricted"]
	if end, err := time.Parse(credentialEnd, sim.Str(cred, "expires_at")); err == nil && end.Before(s.cloud.Now().Add(s.ttl)) {
		token["expires_at"] = sim.Stamp(end, "2006-01-02T15:04:05") // the Zed release omits the zone here
	}
	return token, nil
}

func first(docs []sim.Document) sim.Document {
	if len(docs) == 0 {
		return nil
	}
	return docs[0]
}

func (s *Service) document(user sim.Document, method string) sim.Document {
	return sim.Document{"user_id": user["id"], "user_name": user["name"], "methods": []any{method}}
}

// scoped issues a token for the requested scope or the user's default project.
func (s *Service) scoped(user, want sim.Document, method string) (sim.Document, error) {
	token := s.document(user, method)
	project, err := s.wantedProject(user, want)
	if err != nil {
		return nil, err
	}
	switch {
	case project != nil:
		roles := s.rolesOf(sim.Str(user, "id"), sim.Str(project, "id"))
		if len(roles) == 0 {
			return nil, denied()
		}
		token["project_id"], token["roles"] = project["id"], sim.Anys(roles)
	case sim.Map(want, "system") != nil || sim.Map(want, "domain") != nil:
		if sim.Str(user, "name") != "admin" {
			return nil, denied()
		}
		token["roles"] = sim.Anys([]string{"admin", "member", "reader"})
	}
	return token, nil
}

func (s *Service) wantedProject(user, want sim.Document) (sim.Document, error) {
	given := sim.Map(want, "project")
	if given == nil {
		if len(want) > 0 {
			return nil, nil
		}
		return s.cloud.Get(Projects, sim.Str(user, "default_project_id")), nil
	}
	for _, p := range s.cloud.All(Projects) {
		if sim.Str(p, "id") == sim.Str(given, "id") ||
			(sim.Str(p, "name") == sim.Str(given, "name") && s.isDomain(sim.Str(p, "domain_id"), sim.Map(given, "domain"))) {
			return p, nil
		}
	}
	return nil, denied()
}

func (s *Service) findUser(given sim.Document) sim.Document {
	return first(s.cloud.Where(Users, func(u sim.Document) bool {
		return sim.Str(u, "id") == sim.Str(given, "id") || (sim.Str(u, "name") == sim.Str(given, "name") &&
			s.isDomain(sim.Str(u, "domain_id"), sim.Map(given, "domain")))
	}))
}

func (s *Service) isDomain(id string, given sim.Document) bool {
	d := s.cloud.Get(Domains, id)
	return sim.Str(given, "id") == id || sim.Str(given, "name") == sim.Str(d, "name")
}

// rolesOf returns a user's roles in a project, including implied roles.
func (s *Service) rolesOf(user, project string) []string {
	var roles []string
	for _, a := range s.cloud.With(Assignments, "user", user) {
		if sim.Str(a, "project") == project {
			roles = append(roles, implied(sim.Str(s.cloud.Get(Roles, sim.Str(a, "role")), "name"))...)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// implied returns a role and the roles that it implies: admin > manager > member > reader.
func implied(role string) []string {
	chain := []string{"admin", "manager", "member", "reader"}
	if i := slices.Index(chain, role); i >= 0 {
		return chain[i:]
	}
	return []string{role}
}

func (s *Service) validate(r *sim.Request) (any, error) {
	subject := r.Header.Get("X-Subject-Token")
	token := s.cloud.Get(Tokens, subject)
	if _, ok := s.cloud.Actor(subject); !ok {
		return nil, sim.NotFound("Could not recognize Fernet token")
	}
	if own := r.Header.Get("X-Auth-Token") == subject; !own && !r.Actor.Admin() &&
		sim.Str(token, "user_id") != r.Actor.UserID {
		return nil, sim.Forbidden("You are not authorized to perform the requested action: identity:validate_token.")
	}
	return sim.Reply{Header: map[string]string{"X-Subject-Token": subject}, Body: sim.Document{"token": s.render(r, token)}}, nil
}

func (s *Service) revoke(r *sim.Request) (any, error) {
	subject := r.Header.Get("X-Subject-Token")
	token := s.cloud.Get(Tokens, subject)
	if token == nil {
		return nil, notFound("token", subject)
	}
	if sim.Str(token, "user_id") != r.Actor.UserID && !r.Actor.Admin() {
		return nil, sim.Forbidden("You are not authorized to perform the requested action: identity:revoke_token.")
	}
	s.cloud.Delete(Tokens, subject)
	return nil, nil
}
