package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/sdk"
)

// withoutEnvironment removes what would choose a server or a credential.
func withoutEnvironment(t *testing.T) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, name := range []string{"MCM_SERVER", "OS_TOKEN", "OS_APPLICATION_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_SECRET"} {
		t.Setenv(name, "")
	}
}

func TestNewClient_Server(t *testing.T) {
	withoutEnvironment(t)
	server := func(flag string) string {
		c, err := newClient(flag, "test")
		require.NoError(t, err)
		return c.Server()
	}
	require.Equal(t, defaultServer, server(""))
	require.NoError(t, savedSession{Server: "https://saved"}.save())
	require.Equal(t, "https://saved", server(""))
	t.Setenv("MCM_SERVER", "https://environment/")
	require.Equal(t, "https://environment", server(""))
	require.Equal(t, "https://flag", server("https://flag/"))
	_, err := newClient("mcm.example.org", "test")
	require.ErrorContains(t, err, "is not the address of a manager")
}

func TestNewClient_DamagedSession(t *testing.T) {
	withoutEnvironment(t)
	require.NoError(t, savedSession{}.save())
	require.NoError(t, os.WriteFile(sessionFile(), []byte("no"), 0o600))
	_, err := newClient("", "test")
	require.ErrorContains(t, err, sessionFile())
}

// A cookie is a credential of the server that set it.
func TestCredentialFor(t *testing.T) {
	withoutEnvironment(t)
	saved := savedSession{Server: "https://a", Cookie: "mcm_session=1", CSRF: "2"}
	require.Equal(t, sdk.SessionCookie{Cookie: "mcm_session=1", CSRFToken: "2"}, credentialFor("https://a", saved))
	require.Nil(t, credentialFor("https://b", saved))
	require.Nil(t, credentialFor("https://a", savedSession{Server: "https://a"}))
	t.Setenv("OS_APPLICATION_CREDENTIAL_ID", "id")
	require.IsType(t, sdk.SessionCookie{}, credentialFor("https://a", saved), "an ID without a secret is no credential")
	t.Setenv("OS_APPLICATION_CREDENTIAL_SECRET", "secret")
	require.Equal(t, sdk.ApplicationCredential{ID: "id", Secret: "secret"}, credentialFor("https://a", saved))
	t.Setenv("OS_TOKEN", "token")
	require.Equal(t, sdk.Token("token"), credentialFor("https://a", saved))
}

func TestLogin_SavesTheSession(t *testing.T) {
	withoutEnvironment(t)
	t.Setenv("MCM_PASSWORD", "secret")
	var body map[string]any
	var requests []*http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r)
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusUnauthorized) // the session has expired
			return
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		http.SetCookie(w, &http.Cookie{Name: "mcm_session", Value: "1"})
		_, _ = w.Write([]byte(`{"user":{"name":"demo"},"project":{"name":"p"},"role":"admin",` +
			`"csrf_token":"2","expires_at":"2026-11-25T02:30:00Z"}`))
	}))
	defer server.Close()
	client := func(args ...string) string {
		out, err := execute(t, append(args, "--server", server.URL)...)
		require.NoError(t, err)
		return out
	}
	require.Contains(t, client("login", "--username", "demo", "--project", "p"),
		"signed in to "+server.URL+" as demo (admin of project p) until ")
	require.Equal(t, map[string]any{"username": "demo", "password": "secret", "project": "p"}, body)
	require.Equal(t, "mcm/test", requests[0].Header.Get("User-Agent"))
	info, err := os.Stat(sessionFile())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	saved, err := loadSession()
	require.NoError(t, err)
	require.Equal(t, "mcm_session=1", saved.Cookie)
	require.Equal(t, "2", saved.CSRF)

	require.Equal(t, "signed out\n", client("logout"))
	require.Equal(t, "mcm_session=1", requests[1].Header.Get("Cookie"))
	require.Equal(t, "2", requests[1].Header.Get("X-CSRF-Token"))
	require.NoFileExists(t, sessionFile())
}

func TestMessage(t *testing.T) {
	require.Equal(t, "a\n     b", Message(&sdk.Problem{Title: "a\nb"}))
	require.Equal(t, "expired: run `mcm login`, or set OS_APPLICATION_CREDENTIAL_ID and _SECRET",
		Message(&sdk.Problem{Title: "expired", Code: sdk.ProblemCodeUnauthorized}))
	require.Equal(t, "interrupted; the task continues", Message(fmt.Errorf("http://a does not respond: %w", context.Canceled)))
}
