package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/platform/i18n"
)

const (
	sessionCookie = "mcm_session"
	csrfHeader    = "X-CSRF-Token"
)

// sessions encrypts Keystone's token into the cookie. There is no session table, so any replica can serve a browser.
type sessions struct{ seal cipher.AEAD }

type session struct {
	Token     string    `json:"t"`
	CSRF      string    `json:"c"`
	ExpiresAt time.Time `json:"e"`
}

func (s *sessions) init(key []byte) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	s.seal, err = cipher.NewGCM(block)
	return err
}

func (s *sessions) close(v session) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, s.seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.seal.Seal(nonce, nonce, plain, []byte(sessionCookie))), nil
}

func (s *sessions) open(cookie string) (session, error) {
	var v session
	ended := fault.New(fault.Unauthorized, nil, "your session has ended: sign in again")
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(sealed) < s.seal.NonceSize() {
		return v, ended
	}
	n := s.seal.NonceSize()
	plain, err := s.seal.Open(nil, sealed[:n], sealed[n:], []byte(sessionCookie))
	if err != nil || json.Unmarshal(plain, &v) != nil || time.Now().After(v.ExpiresAt) {
		return v, ended
	}
	return v, nil
}

// User is the ID and name of a user or project.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Session describes the signed-in user.
type Session struct {
	User      User          `json:"user"`
	Project   User          `json:"project"`
	Role      identity.Role `json:"role" enum:"viewer,operator,administrator"`
	ExpiresAt time.Time     `json:"expires_at"`
	CSRFToken string        `json:"csrf_token"`
}

// SignInRequest is a password or an application credential.
type SignInRequest struct {
	Username                    string `json:"username,omitempty" maxLength:"255"`
	Password                    string `json:"password,omitempty" maxLength:"4096"`
	UserDomain                  string `json:"user_domain,omitempty" maxLength:"255"`
	Project                     string `json:"project,omitempty" maxLength:"255"`
	ProjectDomain               string `json:"project_domain,omitempty" maxLength:"255"`
	ApplicationCredentialID     string `json:"application_credential_id,omitempty" maxLength:"255"`
	ApplicationCredentialSecret string `json:"application_credential_secret,omitempty" maxLength:"4096"`
}

// Resolve checks that the request has exactly one complete credential.
func (b *SignInRequest) Resolve(huma.Context) []error {
	missing := func(field string) []error {
		return []error{&huma.ErrorDetail{Location: "body." + field, Message: "expected"}}
	}
	switch {
	case b.ApplicationCredentialID != "" && b.ApplicationCredentialSecret == "":
		return missing("application_credential_secret")
	case b.ApplicationCredentialID != "":
		return nil
	case b.Username == "":
		return missing("username")
	case b.Password == "":
		return missing("password")
	}
	return nil
}

type sessionResponse struct {
	SetCookie string `header:"Set-Cookie"`
	Body      Session
}

func (s *Server) sessionRoutes(api huma.API) {
	tags := []string{"Session"}
	handle(api, public, huma.Operation{OperationID: "openSession", Method: http.MethodPost, Path: "/session", Tags: tags,
		Summary: "Sign in", DefaultStatus: http.StatusCreated, Errors: []int{http.StatusTooManyRequests}}, s.openSession)
	handle(api, identity.Viewer, huma.Operation{OperationID: "getSession", Method: http.MethodGet, Path: "/session", Tags: tags,
		Summary: "Get the session"},
		s.getSession)
	handle(api, identity.Viewer, huma.Operation{OperationID: "closeSession", Method: http.MethodDelete, Path: "/session", Tags: tags,
		Summary: "Sign out", DefaultStatus: http.StatusNoContent}, s.closeSession)
	handle(api, public, huma.Operation{OperationID: "getInfo", Method: http.MethodGet, Path: "/info", Tags: []string{"Service"},
		Summary: "Get service information"}, s.getInfo)
}

func (s *Server) openSession(ctx context.Context, in *struct{ Body SignInRequest }) (*sessionResponse, error) {
	b, who := in.Body, callerOf(ctx)
	name := b.Username + b.ApplicationCredentialID
	if err := s.loginLimiter.allow(who.sourceIP, name); err != nil {
		return nil, err
	}
	person, err := s.Identities.SignIn(ctx, identity.Credentials{
		Username: b.Username, Password: b.Password, UserDomain: orDefault(b.UserDomain, s.Defaults.UserDomain),
		Project: orDefault(b.Project, s.Defaults.Project), ProjectDomain: orDefault(b.ProjectDomain, s.Defaults.ProjectDomain),
		ApplicationCredentialID: b.ApplicationCredentialID, ApplicationCredentialSecret: b.ApplicationCredentialSecret,
	})
	s.loginLimiter.result(who.sourceIP, name, err)
	who.Identity, who.via = person, "ui"
	if err != nil {
		who.UserName = name
		s.auditRefusal(ctx, who, "session.open", err)
		return nil, err
	}
	cookie, v, err := s.newCookie(person)
	if err != nil {
		return nil, err
	}
	if err := s.record(ctx, who, "session.open", string(operation.Succeeded), i18n.Message{}); err != nil {
		return nil, err
	}
	return &sessionResponse{SetCookie: cookie, Body: describe(person, v.CSRF)}, nil
}

func (s *Server) newCookie(person identity.Identity) (string, session, error) {
	v := session{Token: person.Token, CSRF: rand.Text(), ExpiresAt: person.ExpiresAt}
	sealed, err := s.sessions.close(v)
	if err != nil {
		return "", v, err
	}
	c := http.Cookie{Name: sessionCookie, Value: sealed, Path: "/", HttpOnly: true, Secure: s.SecureCookies,
		SameSite: http.SameSiteStrictMode, Expires: person.ExpiresAt}
	return c.String(), v, nil
}

func describe(p identity.Identity, csrf string) Session {
	return Session{User: User{p.UserID, p.UserName}, Project: User{p.ProjectID, p.ProjectName}, Role: p.Role, ExpiresAt: p.ExpiresAt.UTC(), CSRFToken: csrf}
}

func (s *Server) getSession(ctx context.Context, _ *struct{}) (*sessionResponse, error) {
	who := callerOf(ctx)
	return &sessionResponse{Body: describe(who.Identity, who.csrf)}, nil
}

func (s *Server) closeSession(ctx context.Context, _ *struct{}) (*struct {
	SetCookie string `header:"Set-Cookie"`
}, error) {
	who := callerOf(ctx)
	if who.csrf != "" { // only our own sessions: a token that the caller brought is not revoked
		if err := s.Identities.Revoke(ctx, who.Token); err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	c := http.Cookie{Name: sessionCookie, Path: "/", HttpOnly: true, Secure: s.SecureCookies, SameSite: http.SameSiteStrictMode, MaxAge: -1}
	return &struct {
		SetCookie string `header:"Set-Cookie"`
	}{c.String()}, nil
}

// record writes an audit record of an event that is not a task.
func (s *Server) record(ctx context.Context, who caller, op, outcome string, detail i18n.Message) error {
	return s.Audit.Append(ctx, s.newRecord(who, op, outcome, detail))
}

func (s *Server) newRecord(who caller, op, outcome string, detail i18n.Message) audit.Record {
	return audit.Record{
		Time: time.Now(), Actor: operation.Actor{ID: who.UserID, Name: who.UserName}, SourceIP: who.sourceIP, UserAgent: who.userAgent,
		Via: who.via, Operation: op, Outcome: outcome, Detail: detail, RequestID: who.requestID, Key: op + ":" + rand.Text(),
	}
}

func (s *Server) auditRefusal(ctx context.Context, who caller, op string, cause error) {
	if err := s.record(ctx, who, op, audit.Refused, fault.MessageOf(cause)); err != nil {
		slog.Error("a refusal was not audited", "operation", op, "err", err) // the response is sent all the same
	}
}

func orDefault(v, d string) string {
	if v == "" {
		return d
	}
	return v
}
