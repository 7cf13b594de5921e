// Package keystone is the simulated identity service.
// https://docs.openstack.org/api-ref/identity/v3/
package keystone

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// Document kinds.
const (
	Users       = "keystone/users"
	Projects    = "keystone/projects"
	Domains     = "keystone/domains"
	Roles       = "keystone/roles"
	Assignments = "keystone/role_assignments"
	Tokens      = "keystone/tokens"
	Credentials = "keystone/application_credentials"
)

// Service is the identity API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
	ttl   time.Duration
}

// New registers the identity API. Tokens expire after ttl, regardless of the cloud's speed.
func New(c *sim.Cloud, ttl time.Duration) *Service {
	s := &Service{Service: c.Service("keystone", "/identity", false), cloud: c, ttl: ttl}
	s.Format = format
	s.Deny = func(r *sim.Request) *sim.Fault {
		noun, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v3/"), "/")
		verb := map[string]string{"POST": "create", "PATCH": "update", "DELETE": "delete", "GET": "list"}[r.Method]
		if r.Method != http.MethodGet {
			noun = strings.TrimSuffix(noun, "s")
		}
		return sim.Forbidden("You are not authorized to perform the requested action: identity:%s_%s.", verb, noun)
	}
	s.Authenticate = s.enter
	s.routes()
	return s
}

// enter accepts requests with a valid token. Unlike other services, it reports when the token's application
// credential was deleted.
func (s *Service) enter(r *sim.Request) error {
	id := r.Header.Get("X-Auth-Token")
	if cred := sim.Str(s.cloud.Get(Tokens, id), "app_cred"); cred != "" && s.cloud.Get(Credentials, cred) == nil {
		return notFound("Application Credential", cred)
	}
	var ok bool
	if r.Actor, ok = s.cloud.Actor(id); !ok {
		return s.Unauthorized()
	}
	return nil
}

func (s *Service) routes() {
	s.Handle("GET /{$}", 300, s.versions, sim.Anonymous)
	s.Handle("GET /v3", 200, s.version, sim.Anonymous)
	s.Handle("POST /v3/auth/tokens", 201, s.authenticate, sim.Anonymous)
	s.Handle("GET /v3/auth/tokens", 200, s.validate)
	s.Handle("DELETE /v3/auth/tokens", 204, s.revoke, sim.Read)
	s.Handle("GET /v3/auth/catalog", 200, s.catalogue)
	s.Handle("GET /v3/auth/projects", 200, s.myProjects)
	s.Handle("GET /v3/users/{id}/projects", 200, s.userProjects)
	s.Handle("POST /v3/OS-TRUST/trusts", 201, s.createTrust)
	s.Handle("GET /v3/OS-TRUST/trusts", 200, s.listTrusts)
	s.credentialRoutes()
	s.resourceRoutes()
}

func format(f *sim.Fault) (string, []byte) {
	return "application/json", sim.JSON(sim.Document{"error": sim.Document{
		"code": f.Status, "message": f.Message, "title": http.StatusText(f.Status)}})
}

func notFound(noun, id string) *sim.Fault { return sim.NotFound("Could not find %s: %s.", noun, id) }

func denied() *sim.Fault {
	return &sim.Fault{Status: 401, Message: "The request you have made requires authentication."}
}

// Digest hashes passwords and secrets, with the owner's id as the salt. A slow hash would add nothing: the
// sandbox's passwords are public.
func Digest(salt, secret string) string {
	sum := sha256.Sum256([]byte(salt + "\x00" + secret))
	return hex.EncodeToString(sum[:])
}

func (s *Service) version(r *sim.Request) (any, error) {
	return sim.Document{"version": versionDoc(r)}, nil
}

func (s *Service) versions(r *sim.Request) (any, error) {
	return sim.Document{"versions": sim.Document{"values": []any{versionDoc(r)}}}, nil
}

func versionDoc(r *sim.Request) sim.Document {
	return sim.Document{"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links": []any{sim.Document{"rel": "self", "href": r.Base() + "/v3/"}},
		"media-types": []any{sim.Document{"base": "application/json",
			"type": "application/vnd.openstack.identity-v3+json"}}}
}
