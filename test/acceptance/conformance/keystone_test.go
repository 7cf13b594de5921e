package conformance

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeystone(t *testing.T) {
	t.Parallel()
	each(t, openCloud(t).member, keystoneCases)
	each(t, openCloud(t).member, credentialCases)
}

// password returns a token request.
func password(user, secret string, scope any) obj {
	auth := obj{"identity": obj{"methods": []string{"password"}, "password": obj{"user": obj{"name": user, "password": secret,
		"domain": obj{"id": "default"}}}}}
	if scope != nil {
		auth["scope"] = scope
	}
	return obj{"auth": auth}
}

func inProject(id string) obj { return obj{"project": obj{"id": id}} }

const needsSignIn = "The request you have made requires authentication."

// signIn requests a token without authentication.
func (a *actor) signIn(t *testing.T, status int, body obj) response {
	t.Helper()
	return a.want(t, status, "POST", "keystone", "/auth/tokens", body, "X-Auth-Token", "")
}

func (a *actor) signInRefused(t *testing.T, body obj) {
	t.Helper()
	a.refused(t, 401, "Unauthorized", needsSignIn, "POST", "keystone", "/auth/tokens", body, "X-Auth-Token", "")
}

var keystoneCases = []one[*actor]{
	{"the version is told to anybody", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "keystone", "/", nil, "X-Auth-Token", "")
		assert.Contains(t, out.text("version", "id"), "v3.")
		assert.Equal(t, "stable", out.text("version", "status"))
	}},
	{"a password gives a token of the project", func(t *testing.T, a *actor) {
		out := a.signIn(t, 201, password(a.user, a.password, inProject(a.projectID)))
		assert.NotEmpty(t, out.header.Get("X-Subject-Token"))
		assert.Equal(t, a.projectID, out.text("token", "project", "id"))
		assert.Equal(t, a.userID, out.text("token", "user", "id"))
		assert.Equal(t, []any{"password"}, out.at("token", "methods"))
		assert.Contains(t, names(out.list("token", "roles"), "name"), "member")
		has(t, out.at("token"), "expires_at", "issued_at", "audit_ids", "catalog", "is_domain")
	}},
	{"a role implies the lesser ones", func(t *testing.T, a *actor) {
		out := a.signIn(t, 201, password(a.user, a.password, inProject(a.projectID)))
		assert.Contains(t, names(out.list("token", "roles"), "name"), "reader")
	}},
	{"a token without a project has no catalogue", func(t *testing.T, a *actor) {
		out := a.signIn(t, 201, password(a.user, a.password, "unscoped"))
		assert.Nil(t, out.at("token", "catalog"))
		assert.Nil(t, out.at("token", "project"))
	}},
	{"a token gives a token of a project", func(t *testing.T, a *actor) {
		first := a.signIn(t, 201, password(a.user, a.password, "unscoped"))
		out := a.signIn(t, 201, obj{"auth": obj{"scope": inProject(a.projectID), "identity": obj{"methods": []string{"token"},
			"token": obj{"id": first.header.Get("X-Subject-Token")}}}})
		assert.Equal(t, a.projectID, out.text("token", "project", "id"))
		assert.Equal(t, first.text("token", "expires_at"), out.text("token", "expires_at"))
		assert.ElementsMatch(t, []any{"token", "password"}, out.at("token", "methods"))
	}},
	{"a wrong password is refused", func(t *testing.T, a *actor) {
		a.signInRefused(t, password(a.user, "wrong", nil))
	}},
	{"an unknown user is refused in the same words", func(t *testing.T, a *actor) {
		a.signInRefused(t, password("nobody-at-all", "wrong", nil))
	}},
	{"a project without a role is refused", func(t *testing.T, a *actor) {
		a.signInRefused(t, password(a.user, a.password, inProject(otherProjectUser(t, "member").projectID)))
	}},
	{"a project that is not there is refused", func(t *testing.T, a *actor) {
		a.signInRefused(t, password(a.user, a.password, inProject("00000000000000000000000000000000")))
	}},
	{"a sign-in without a method is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "Bad Request", "'methods' is a required property", "POST", "keystone", "/auth/tokens",
			obj{"auth": obj{"identity": obj{}}}, "X-Auth-Token", "")
	}},
	{"an unknown method is refused", func(t *testing.T, a *actor) {
		a.want(t, 401, "POST", "keystone", "/auth/tokens", obj{"auth": obj{"identity": obj{"methods": []string{"magic"}, "magic": obj{}}}},
			"X-Auth-Token", "")
	}},
	{"a token validates itself", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "keystone", "/auth/tokens", nil, "X-Subject-Token", a.provider.Token())
		assert.Equal(t, a.userID, out.text("token", "user", "id"))
		assert.Equal(t, a.provider.Token(), out.header.Get("X-Subject-Token"))
	}},
	{"a token validates by HEAD", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "HEAD", "keystone", "/auth/tokens", nil, "X-Subject-Token", a.provider.Token())
		assert.Empty(t, out.raw)
	}},
	{"what is no token is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "Not Found", "Could not recognize Fernet token", "GET", "keystone", "/auth/tokens", nil, "X-Subject-Token", "nothing")
	}},
	{"without a token nothing is said", func(t *testing.T, a *actor) {
		a.refused(t, 401, "Unauthorized", needsSignIn, "GET", "keystone", "/auth/projects", nil, "X-Auth-Token", "")
	}},
	{"a token that was taken back is worth nothing", func(t *testing.T, a *actor) {
		token := a.signIn(t, 201, password(a.user, a.password, inProject(a.projectID))).header.Get("X-Subject-Token")
		a.want(t, 204, "DELETE", "keystone", "/auth/tokens", nil, "X-Subject-Token", token, "X-Auth-Token", token)
		a.refused(t, 401, "Unauthorized", needsSignIn, "GET", "keystone", "/auth/projects", nil, "X-Auth-Token", token)
	}},
	{"the catalogue names every service", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "keystone", "/auth/catalog", nil)
		types := names(out.list("catalog"), "type")
		for _, want := range []string{"identity", "compute", "block-storage", "volumev3", "network", "image", "orchestration", "object-store"} {
			assert.Contains(t, types, want)
		}
		has(t, out.at("catalog", 0, "endpoints", 0), "id", "interface", "region", "region_id", "url")
	}},
	{"users see the projects where they have a role", func(t *testing.T, a *actor) {
		out := a.want(t, 200, "GET", "keystone", "/auth/projects", nil)
		assert.Contains(t, names(out.list("projects"), "id"), a.projectID)
		has(t, out.at("projects", 0), "name", "domain_id", "enabled", "is_domain", "parent_id", "tags", "links", "options")
	}},
	{"users may look at their project", func(t *testing.T, a *actor) {
		assert.Equal(t, a.projectID, a.want(t, 200, "GET", "keystone", "/projects/"+a.projectID, nil).text("project", "id"))
	}},
	{"users may look at themselves", func(t *testing.T, a *actor) {
		assert.Equal(t, a.user, a.want(t, 200, "GET", "keystone", "/users/"+a.userID, nil).text("user", "name"))
	}},
	{"only an administrator lists users", func(t *testing.T, a *actor) {
		a.refused(t, 403, "Forbidden", "You are not authorized to perform the requested action: identity:list_users.", "GET", "keystone", "/users", nil)
	}},
	{"only an administrator lists projects", func(t *testing.T, a *actor) {
		a.refused(t, 403, "Forbidden", "identity:list_projects.", "GET", "keystone", "/projects", nil)
	}},
	{"only an administrator makes users", func(t *testing.T, a *actor) {
		a.refused(t, 403, "Forbidden", "identity:create_user.", "POST", "keystone", "/users", obj{"user": obj{"name": "x"}})
	}},
	{"only an administrator lists roles", func(t *testing.T, a *actor) {
		a.refused(t, 403, "Forbidden", "identity:list_roles.", "GET", "keystone", "/roles", nil)
	}},
	{"the life of a user", func(t *testing.T, _ *actor) {
		admin, name := administrator(t), shared.mark+"-user"
		out := admin.make(t, "keystone", "/users", "user", obj{"name": name, "password": "one", "domain_id": "default"})
		path := "/users/" + out.text("user", "id")
		assert.Empty(t, out.text("user", "password"))
		admin.refused(t, 409, "Conflict", "Duplicate entry found with name "+name, "POST", "keystone", "/users",
			obj{"user": obj{"name": name, "domain_id": "default"}})
		admin.signIn(t, 201, password(name, "one", nil))
		admin.want(t, 200, "PATCH", "keystone", path, obj{"user": obj{"password": "two"}})
		admin.signInRefused(t, password(name, "one", nil))
		admin.signIn(t, 201, password(name, "two", nil))
		admin.want(t, 200, "PATCH", "keystone", path, obj{"user": obj{"enabled": false}})
		admin.signInRefused(t, password(name, "two", nil))
		admin.want(t, 204, "DELETE", "keystone", path, nil)
		admin.refused(t, 404, "Not Found", "Could not find user: ", "GET", "keystone", path, nil)
	}},
	{"the life of a project", func(t *testing.T, _ *actor) {
		admin, name := administrator(t), shared.mark+"-project"
		id := admin.made(t, "keystone", "/projects", "project", obj{"name": name, "domain_id": "default"})
		admin.refused(t, 409, "Conflict", "it is not permitted to have two projects with either the same name or same id in the same domain: name is "+name, "POST", "keystone", "/projects",
			obj{"project": obj{"name": name, "domain_id": "default"}})
		out := admin.want(t, 200, "GET", "keystone", "/projects?name="+name, nil)
		assert.Equal(t, []string{id}, names(out.list("projects"), "id"))
		admin.want(t, 204, "DELETE", "keystone", "/projects/"+id, nil)
		admin.refused(t, 404, "Not Found", "Could not find project: "+id, "GET", "keystone", "/projects/"+id, nil)
	}},
	{"a role is given and taken", func(t *testing.T, a *actor) {
		admin := administrator(t)
		role := str(admin.want(t, 200, "GET", "keystone", "/roles?name=reader", nil).list("roles")[0], "id")
		project := admin.made(t, "keystone", "/projects", "project", obj{"name": shared.mark + "-roles", "domain_id": "default"})
		path := "/projects/" + project + "/users/" + a.userID + "/roles/" + role
		admin.want(t, 404, "HEAD", "keystone", path, nil)
		admin.want(t, 204, "PUT", "keystone", path, nil)
		admin.want(t, 204, "HEAD", "keystone", path, nil)
		a.signIn(t, 201, password(a.user, a.password, inProject(project)))
		out := admin.want(t, 200, "GET", "keystone", "/role_assignments?include_names&user.id="+a.userID+"&scope.project.id="+project, nil)
		assert.Equal(t, "reader", out.text("role_assignments", 0, "role", "name"))
		admin.want(t, 204, "DELETE", "keystone", path, nil)
		a.signInRefused(t, password(a.user, a.password, inProject(project)))
	}},
	{"the client library reads a token", func(t *testing.T, a *actor) {
		token := tokens.Get(t.Context(), a.identity, a.provider.Token())
		project, err := token.ExtractProject()
		require.NoError(t, err)
		assert.Equal(t, a.projectID, project.ID)
		catalog, err := token.ExtractServiceCatalog()
		require.NoError(t, err)
		assert.NotEmpty(t, catalog.Entries)
	}},
}

// credential creates an application credential of the actor and returns its id and secret.
func (a *actor) credential(t *testing.T, more obj) (id, secret string) {
	t.Helper()
	body := obj{"name": shared.mark + "-" + random(3)}
	maps.Copy(body, more)
	path := "/users/" + a.userID + "/application_credentials"
	out := a.want(t, 201, "POST", "keystone", path, obj{"application_credential": body})
	a.later(t, "keystone", path+"/"+out.text("application_credential", "id"))
	return out.text("application_credential", "id"), out.text("application_credential", "secret")
}

// credentialToken creates an application credential of the actor and returns a token for it.
func (a *actor) credentialToken(t *testing.T, more obj) string {
	t.Helper()
	id, secret := a.credential(t, more)
	return a.signIn(t, 201, byCredential(id, secret)).header.Get("X-Subject-Token")
}

func byCredential(id, secret string) obj {
	return obj{"auth": obj{"identity": obj{"methods": []string{"application_credential"},
		"application_credential": obj{"id": id, "secret": secret}}}}
}

var credentialCases = []one[*actor]{
	{"an application credential shows its secret once", func(t *testing.T, a *actor) {
		id, secret := a.credential(t, obj{"description": "for a case"})
		assert.NotEmpty(t, secret)
		out := a.want(t, 200, "GET", "keystone", "/users/"+a.userID+"/application_credentials/"+id, nil)
		assert.Nil(t, out.at("application_credential", "secret"))
		assert.Equal(t, "for a case", out.text("application_credential", "description"))
		assert.Equal(t, a.projectID, out.text("application_credential", "project_id"))
		has(t, out.at("application_credential"), "roles", "expires_at", "unrestricted", "links", "name")
		list := a.want(t, 200, "GET", "keystone", "/users/"+a.userID+"/application_credentials", nil)
		assert.Contains(t, names(list.list("application_credentials"), "id"), id)
	}},
	{"an application credential gives a token", func(t *testing.T, a *actor) {
		id, secret := a.credential(t, nil)
		out := a.signIn(t, 201, byCredential(id, secret))
		assert.Equal(t, []any{"application_credential"}, out.at("token", "methods"))
		assert.Equal(t, id, out.text("token", "application_credential", "id"))
		assert.Equal(t, true, out.at("token", "application_credential", "restricted"))
		assert.Equal(t, a.projectID, out.text("token", "project", "id"))
	}},
	{"an application credential may have fewer roles", func(t *testing.T, a *actor) {
		id, secret := a.credential(t, obj{"roles": []obj{{"name": "reader"}}})
		out := a.signIn(t, 201, byCredential(id, secret))
		assert.Equal(t, []string{"reader"}, names(out.list("token", "roles"), "name"))
	}},
	{"an application credential by the user's and its name", func(t *testing.T, a *actor) {
		name := shared.mark + "-named"
		_, secret := a.credential(t, obj{"name": name})
		a.signIn(t, 201, obj{"auth": obj{"identity": obj{"methods": []string{"application_credential"}, "application_credential": obj{
			"name": name, "secret": secret, "user": obj{"id": a.userID}}}}})
	}},
	{"a chosen secret is kept", func(t *testing.T, a *actor) {
		id, secret := a.credential(t, obj{"secret": "chosen-by-me"})
		assert.Equal(t, "chosen-by-me", secret)
		a.signIn(t, 201, byCredential(id, "chosen-by-me"))
	}},
	{"a wrong secret is refused", func(t *testing.T, a *actor) {
		id, _ := a.credential(t, nil)
		a.signInRefused(t, byCredential(id, "wrong"))
	}},
	{"an unknown application credential is refused", func(t *testing.T, a *actor) {
		a.refused(t, 404, "Not Found", "Could not find Application Credential: 00000000000000000000000000000000.", "POST", "keystone",
			"/auth/tokens", byCredential("00000000000000000000000000000000", "wrong"), "X-Auth-Token", "")
	}},
	{"a name is used once", func(t *testing.T, a *actor) {
		name := shared.mark + "-twice"
		a.credential(t, obj{"name": name})
		a.refused(t, 409, "Conflict", "Duplicate entry found with name "+name+".", "POST", "keystone",
			"/users/"+a.userID+"/application_credentials", obj{"application_credential": obj{"name": name}})
	}},
	{"a credential without a name is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "Bad Request", "'name' is a required property", "POST", "keystone",
			"/users/"+a.userID+"/application_credentials", obj{"application_credential": obj{}})
	}},
	{"a credential does not end before it begins", func(t *testing.T, a *actor) {
		a.refused(t, 400, "Bad Request", "The 'expires_at' must not be before now.", "POST", "keystone",
			"/users/"+a.userID+"/application_credentials", obj{"application_credential": obj{"name": "x", "expires_at": "2001-01-01T00:00:00"}})
	}},
	{"a role that the maker has not is refused", func(t *testing.T, a *actor) {
		a.want(t, 400, "POST", "keystone", "/users/"+a.userID+"/application_credentials",
			obj{"application_credential": obj{"name": shared.mark + "-more", "roles": []obj{{"name": "admin"}}}})
	}},
	{"an unknown credential is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "Not Found", "Could not find Application Credential: 0000", "GET", "keystone",
			"/users/"+a.userID+"/application_credentials/00000000000000000000000000000000", nil)
	}},
	{"a restricted credential makes no other", func(t *testing.T, a *actor) {
		token := a.credentialToken(t, nil)
		a.refused(t, 403, "Forbidden", "Using method 'application_credential' is not allowed for managing additional application credentials.",
			"POST", "keystone", "/users/"+a.userID+"/application_credentials", obj{"application_credential": obj{"name": "x"}}, "X-Auth-Token", token)
	}},
	{"who asks at the same time is told apart", func(t *testing.T, a *actor) {
		admin := administrator(t)
		token := a.credentialToken(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		defer others.Wait()
		defer cancel()
		for range 2 {
			others.Go(func() {
				for ctx.Err() == nil {
					admin.send(ctx, "GET", "keystone", "/auth/projects", nil)
				}
			})
		}
		for range 10 {
			a.want(t, 403, "POST", "keystone", "/users/"+a.userID+"/application_credentials",
				obj{"application_credential": obj{"name": shared.mark + "-mixed"}}, "X-Auth-Token", token)
		}
	}},
	{"an unrestricted credential makes others", func(t *testing.T, a *actor) {
		token := a.credentialToken(t, obj{"unrestricted": true})
		out := a.want(t, 201, "POST", "keystone", "/users/"+a.userID+"/application_credentials",
			obj{"application_credential": obj{"name": shared.mark + "-child"}}, "X-Auth-Token", token)
		a.want(t, 204, "DELETE", "keystone", "/users/"+a.userID+"/application_credentials/"+out.text("application_credential", "id"), nil)
	}},
	{"a credential cannot delegate", func(t *testing.T, a *actor) {
		token := a.credentialToken(t, nil)
		a.refused(t, 403, "Forbidden", "Delegated tokens cannot manage trusts", "POST", "keystone", "/OS-TRUST/trusts", obj{"trust": obj{
			"trustor_user_id": a.userID, "trustee_user_id": a.userID, "project_id": a.projectID, "impersonation": true,
			"roles": []obj{{"name": "member"}}}}, "X-Auth-Token", token)
	}},
	{"the credentials of somebody else are not shown", func(t *testing.T, a *actor) {
		other := otherProjectUser(t, "member")
		a.want(t, 403, "GET", "keystone", "/users/"+other.userID+"/application_credentials", nil)
	}},
	{"tokens end with their credential", func(t *testing.T, a *actor) {
		id, secret := a.credential(t, nil)
		token := a.signIn(t, 201, byCredential(id, secret)).header.Get("X-Subject-Token")
		a.want(t, 204, "DELETE", "keystone", "/users/"+a.userID+"/application_credentials/"+id, nil)
		a.refused(t, 404, "Not Found", "Could not find Application Credential: "+id, "GET", "keystone", "/auth/projects", nil, "X-Auth-Token", token)
		a.want(t, 404, "POST", "keystone", "/auth/tokens", byCredential(id, secret), "X-Auth-Token", "")
		a.want(t, 401, "GET", "nova", "/servers", nil, "X-Auth-Token", token)
	}},
	{"a token lives no longer than its credential, and is then refused", func(t *testing.T, a *actor) {
		end := time.Now().Add(2 * time.Second).UTC()
		id, secret := a.credential(t, obj{"expires_at": end.Format("2006-01-02T15:04:05")})
		out := a.ask(t, http.MethodPost, "keystone", "/auth/tokens", byCredential(id, secret), "X-Auth-Token", "")
		if out.status == http.StatusCreated { // on a busy machine two seconds may have passed
			token := out.header.Get("X-Subject-Token")
			assert.Equal(t, end.Format("2006-01-02T15:04:05"), out.text("token", "expires_at"), "without a zone, unlike others")
			until(t, "the token to end", func() bool {
				return a.ask(t, "GET", "keystone", "/auth/projects", nil, "X-Auth-Token", token).status == http.StatusUnauthorized
			})
		}
		until(t, "the credential to end", func() bool {
			return a.ask(t, "POST", "keystone", "/auth/tokens", byCredential(id, secret), "X-Auth-Token", "").status == http.StatusUnauthorized
		})
	}},
}
