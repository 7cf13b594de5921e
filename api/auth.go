package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// caller is the identity behind a request.
type caller struct {
	identity.Identity
	via       string
	csrf      string // from the session cookie, if the request used it
	sourceIP  string
	userAgent string
	requestID string
}

type callerKey struct{}

// callerOf returns the caller that the middleware stored in ctx.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// language stores the reader's language in the context: the parameter lang, or Accept-Language.
func (s *Server) language(ctx huma.Context, next func(huma.Context)) {
	language := i18n.Negotiate(ctx.Header("Accept-Language"))
	if chosen := ctx.Query("lang"); chosen != "" { // a browser's EventSource cannot set headers
		language = i18n.Negotiate(chosen)
	}
	next(huma.WithContext(ctx, i18n.With(ctx.Context(), language)))
}

// authenticate is the only entry point of the API: it resolves the credential to an identity and checks the role that
// the operation requires.
func (s *Server) authenticate(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		who := caller{sourceIP: sourceIP(ctx.RemoteAddr()), userAgent: clip(ctx.Header("User-Agent"), 256), requestID: requestIDOf(ctx)}
		need, _ := ctx.Operation().Metadata[roleKey].(identity.Role)
		if need != public {
			if err := s.recognise(ctx, &who); err != nil {
				s.refuse(api, ctx, who, err)
				return
			}
			if !who.Role.Allows(need) {
				s.refuse(api, ctx, who, fault.New(fault.Forbidden, nil, "this needs the role %s, you have %s: ask an administrator of the project", need, roleName(who.Role)))
				return
			}
		}
		next(huma.WithValue(ctx, callerKey{}, who))
	}
}

func roleName(r identity.Role) string {
	if r == identity.None {
		return "none"
	}
	return string(r)
}

// recognise sets the identity that belongs to the request's credential.
func (s *Server) recognise(ctx huma.Context, who *caller) (err error) {
	switch id, secret, basic := basicAuth(ctx.Header("Authorization")); {
	case ctx.Header("X-Auth-Token") != "":
		who.Identity, err = s.Identities.Validate(ctx.Context(), ctx.Header("X-Auth-Token"))
		who.via = via(who.userAgent)
	case basic:
		who.via = via(who.userAgent)
		if err := s.loginLimiter.allow(who.sourceIP, id); err != nil {
			return err
		}
		who.Identity, err = s.Identities.SignIn(ctx.Context(), identity.Credentials{ApplicationCredentialID: id, ApplicationCredentialSecret: secret})
		s.loginLimiter.result(who.sourceIP, id, err)
	default:
		err = s.fromCookie(ctx, who)
	}
	return err
}

func (s *Server) fromCookie(ctx huma.Context, who *caller) error {
	cookie, err := huma.ReadCookie(ctx, sessionCookie)
	if err != nil {
		return fault.New(fault.Unauthorized, nil, "sign in first")
	}
	session, err := s.sessions.open(cookie.Value)
	if err != nil {
		return err
	}
	who.csrf = session.CSRF
	if who.via = via(who.userAgent); who.via == "api" {
		who.via = "ui"
	}
	if changes(ctx.Method()) && subtle.ConstantTimeCompare([]byte(ctx.Header(csrfHeader)), []byte(session.CSRF)) != 1 {
		return fault.New(fault.Forbidden, nil, "the header %s is missing or wrong: take it from GET /session", csrfHeader)
	}
	who.Identity, err = s.Identities.Validate(ctx.Context(), session.Token)
	return err
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

func basicAuth(header string) (id, secret string, ok bool) {
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", "", false
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(plain), ":")
}

// via returns the client of a request that carries its own credential: our command line or another program.
func via(userAgent string) string {
	if strings.HasPrefix(userAgent, "mcm/") {
		return "cli"
	}
	return "api"
}

// refuse writes the problem. If an identified caller was refused a change, refuse also audits the refusal.
func (s *Server) refuse(api huma.API, ctx huma.Context, who caller, err error) {
	if who.UserID != "" && changes(ctx.Method()) {
		s.auditRefusal(ctx.Context(), who, ctx.Operation().OperationID, err)
	}
	problem := problemOf(ctx.Context(), err)
	p, ok := errors.AsType[huma.StatusError](problem)
	if !ok {
		p = newProblem(http.StatusServiceUnavailable, fault.MessageOf(err)).in(ctx.Context())
	}
	if more, ok := errors.AsType[huma.HeadersError](problem); ok {
		for name, values := range more.GetHeaders() {
			ctx.SetHeader(name, strings.Join(values, ", "))
		}
	}
	if p.GetStatus() == http.StatusUnauthorized {
		// Not Basic: a browser would open its own sign-in dialog and block the page's request.
		ctx.SetHeader("WWW-Authenticate", `Keystone realm="MyCloudManager"`)
	}
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(p.GetStatus())
	_ = api.Marshal(ctx.BodyWriter(), "application/json", p)
}

// request describes the caller for the task that it starts.
func request(ctx context.Context, op string, targets ...operation.Target) operation.Request {
	who := callerOf(ctx)
	return operation.Request{
		Operation: op, Targets: targets, Actor: operation.Actor{ID: who.UserID, Name: who.UserName}, Project: who.ProjectID,
		Role: string(who.Role), Via: who.via, SourceIP: who.sourceIP, UserAgent: who.userAgent, RequestID: who.requestID,
	}
}

func sourceIP(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		return host
	}
	return remote
}

// requestIDOf returns the ID that the router assigned to the request.
func requestIDOf(ctx huma.Context) string { return humagin.Unwrap(ctx).GetString(requestIDHeader) }

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
