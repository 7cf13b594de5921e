package api

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
)

const inner = "pq: connection to db-7.internal refused, password=hunter2"

// Internal errors are logged and never part of a response.
func TestResponses_hide_internal_errors(t *testing.T) {
	h := newTestServer(t)
	operations := newTestServer(t).operations(t)
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"unclassified": {errors.New(inner), 500, "internal"},
		"wrapped":      {fmt.Errorf("read: %w", errors.New(inner)), 500, "internal"},
		"internal":     {fault.New(fault.Internal, errors.New(inner), "%s", inner), 500, "internal"},
		"unavailable":  {fault.New(fault.Unavailable, errors.New(inner), "the cloud does not respond"), 503, "unavailable"},
	} {
		h.identities.err, h.tasks.err, h.stacks.err, h.apps.err, h.audit.err = c.err, c.err, c.err, c.err, c.err
		h.instances.err, h.tokens.err, h.plans.err, h.backups.err, h.channels.err = c.err, c.err, c.err, c.err, c.err
		for id, method := range operations {
			r := routes[id]
			if id == "getInfo" || id == "previewBackupPlan" || id == "getEnrollScript" || id == "getSession" || id == "closeSession" || id == "watchEvents" || id == "watchTask" || id == "followTaskLog" {
				continue // they depend on nothing, or have begun the response
			}
			response := h.send(t, ask{method: method, path: "/api/v1" + r.path, body: r.body, as: identity.Administrator})
			require.Equal(t, c.status, response.Code, "%s %s: %s", name, id, response.Body)
			require.Equal(t, c.code, problem(t, response).Code)
			require.NotContains(t, response.Body.String(), "hunter2")
			require.NotContains(t, response.Body.String(), "pq:")
			if c.status == http.StatusServiceUnavailable {
				require.NotEmpty(t, response.Header().Get("Retry-After"), id)
			}
		}
	}
	require.NotZero(t, len(operations))
}

func TestPanic_internal_problem(t *testing.T) {
	h := newTestServer(t)
	h.Stacks = nil
	response := h.send(t, ask{method: http.MethodGet, path: "/api/v1/stack", as: identity.Viewer})
	require.Equal(t, http.StatusInternalServerError, response.Code)
	require.Equal(t, "internal", problem(t, response).Code)
	require.NotContains(t, response.Body.String(), "nil pointer")
}

// No error text repeats the value of a rejected credential, of a wrong type or of a value that is too long.
func TestSecrets_not_echoed_or_logged(t *testing.T) {
	const secret = "s3cr3t-hunter2"
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	h := newTestServer(t)
	session := "/api/v1/session"
	for _, a := range []ask{
		post(session, `{"username":"demo","password":"`+secret+`"}`),
		post(session, `{"username":"demo","password":["`+secret+`"]}`),
		post(session, `{"username":"demo","password":"`+strings.Repeat(secret, 400)+`"}`),
		post(session, `{"username":"demo","password":"`+secret+`"`),
		post(session, `{"username":"demo","pasword":"`+secret+`"}`),
		post(session, `{"password":"`+secret+`"}`),
		post(session, `{"application_credential_id":"a","application_credential_secret":"`+secret+`"}`),
		post(session+"?password="+secret, `{}`),
		{method: http.MethodGet, path: session, header: map[string]string{"Authorization": basic("a", secret)}},
		{method: http.MethodGet, path: session, header: map[string]string{"X-Auth-Token": secret}},
		{method: http.MethodGet, path: session, header: map[string]string{"Cookie": sessionCookie + "=" + secret}},
		{method: http.MethodPut, path: settings, body: `{"environment":"` + secret + `","parameters":{}}`, as: identity.Operator},
	} {
		response := h.send(t, a)
		require.GreaterOrEqual(t, response.Code, 400)
		require.NotContains(t, response.Body.String(), secret)
		require.NotContains(t, fmt.Sprint(response.Header()), secret)
	}
	require.NotEmpty(t, log.String())
	require.NotContains(t, log.String(), secret)
	require.NotContains(t, fmt.Sprint(h.audit.records), secret)
}

func TestResponses_secure_headers(t *testing.T) {
	h := newTestServer(t)
	for name, a := range map[string]ask{
		"page":        {method: http.MethodGet, path: "/"},
		"page within": {method: http.MethodGet, path: "/apps/ntp"},
		"docs":        {method: http.MethodGet, path: "/api/docs"},
		"contract":    {method: http.MethodGet, path: "/api/v1/openapi.json"},
		"response":    {method: http.MethodGet, path: "/api/v1/info"},
		"icon":        {method: http.MethodGet, path: "/api/v1/apps/ntp/icon", as: identity.Viewer},
		"export":      {method: http.MethodGet, path: "/api/v1/audit/export?format=csv", as: identity.Operator},
		"events":      {method: http.MethodGet, path: "/api/v1/events", as: identity.Viewer},
		"refusal":     {method: http.MethodGet, path: "/api/v1/apps"},
		"no path":     {method: http.MethodGet, path: "/api/v1/nothing"},
		"no method":   {method: http.MethodPut, path: "/api/v1/apps"},
		"health":      {method: http.MethodGet, path: "/health/ready"},
		"codec":       {method: http.MethodPost, path: "/codec/decode"},
		"redirect":    {method: http.MethodGet, path: "/temporal/", header: map[string]string{"Accept": "text/html"}},
	} {
		header := h.send(t, a).Header()
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), name)
		require.Equal(t, "DENY", header.Get("X-Frame-Options"), name)
		require.Equal(t, "same-origin", header.Get("Referrer-Policy"), name)
		require.Equal(t, "same-origin", header.Get("Cross-Origin-Opener-Policy"), name)
		require.NotEmpty(t, header.Get("Permissions-Policy"), name)
		require.NotEmpty(t, header.Get(requestIDHeader), name)
		if strings.HasPrefix(a.path, "/api/v1") && name != "icon" {
			require.Equal(t, "no-store", header.Get("Cache-Control"), name)
		}
		if strings.HasPrefix(a.path, "/temporal/") {
			continue // Temporal Web sends a policy of its own
		}
		policy := header.Get("Content-Security-Policy")
		for _, must := range []string{"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"} {
			require.Contains(t, policy, must, name)
		}
		require.NotContains(t, policy, "unsafe-eval", name)
		require.NotContains(t, policy, "script-src", name)
	}
}

func TestSessionCookie_attributes(t *testing.T) {
	h := newTestServer(t)
	h.SecureCookies = true
	response := h.send(t, post("/api/v1/session", `{"username":"operator","password":"operator"}`))
	require.Equal(t, http.StatusCreated, response.Code)
	cookies := response.Result().Cookies()
	require.Len(t, cookies, 1)
	c := cookies[0]
	require.True(t, c.HttpOnly && c.Secure && c.SameSite == http.SameSiteStrictMode && c.Path == "/", c.String())
	require.NotContains(t, c.Value, "operator")
	end := h.send(t, ask{method: http.MethodDelete, path: "/api/v1/session", as: identity.Operator})
	require.Negative(t, end.Result().Cookies()[0].MaxAge)
}

// After ten failures of a name at an address, the next attempt is rejected without a request to Keystone.
func TestLoginLimiter(t *testing.T) {
	for name, try := range map[string]func(secret string) ask{
		"password": func(secret string) ask {
			return post("/api/v1/session", `{"username":"viewer","password":"`+secret+`"}`)
		},
		"basic": func(secret string) ask {
			return ask{method: http.MethodGet, path: "/api/v1/session", header: map[string]string{"Authorization": basic("viewer", secret)}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestServer(t)
			for range 3 { // successful sign-ins do not count
				require.Less(t, h.send(t, try("viewer")).Code, 300)
			}
			for range failuresInARow {
				require.Equal(t, http.StatusUnauthorized, h.send(t, try("guess")).Code)
			}
			asked := h.identities.signIns.Load()
			response := h.send(t, try("viewer"))
			require.Equal(t, http.StatusTooManyRequests, response.Code, "also with the right one")
			require.Equal(t, "rate_limited", problem(t, response).Code)
			require.NotEmpty(t, response.Header().Get("Retry-After"))
			require.Equal(t, asked, h.identities.signIns.Load(), "Keystone was asked")
			other := h.send(t, post("/api/v1/session", `{"username":"operator","password":"operator"}`))
			require.Equal(t, http.StatusCreated, other.Code, "another person at the same address")
		})
	}
}

// A sign-in that fails because the cloud is unavailable does not count as a failure.
func TestLoginLimiter_unavailable_cloud(t *testing.T) {
	h := newTestServer(t)
	h.identities.err = fault.New(fault.Unavailable, nil, "keystone does not respond")
	for range failuresInARow + 5 {
		require.Equal(t, http.StatusServiceUnavailable, h.send(t, post("/api/v1/session", `{"username":"viewer","password":"viewer"}`)).Code)
	}
	h.identities.err = nil
	require.Equal(t, http.StatusCreated, h.send(t, post("/api/v1/session", `{"username":"viewer","password":"viewer"}`)).Code)
}

func TestMetrics_loopback_only(t *testing.T) {
	h := newTestServer(t)
	get := func(address, forwarded string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		r.RemoteAddr = address
		if forwarded != "" {
			r.Header.Set(forwarded, "127.0.0.1")
		}
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, 200, get("127.0.0.1:5", ""))
	require.Equal(t, 200, get("[::1]:5", ""))
	require.Equal(t, 404, get("192.0.2.1:5", ""))
	for _, forwarded := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP"} {
		require.Equal(t, 404, get("127.0.0.1:5", forwarded), "forwarded requests have another origin")
		require.Equal(t, 404, get("192.0.2.1:5", forwarded))
	}
}
