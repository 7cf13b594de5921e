package identity_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/sandbox/sandboxtest"
)

// countingService is a service with a proxy in front of the simulated cloud that counts the requests to Keystone.
type countingService struct {
	*identity.Service
	cloud       *sandboxtest.Cloud
	signIns     atomic.Int32
	validations atomic.Int32
	shown       string        // replaces Keystone's description of a token
	hold        chan struct{} // if not nil, responses of Keystone wait for it
}

func newCountingService(t *testing.T) *countingService {
	t.Helper()
	d := &countingService{cloud: sandboxtest.Start(t)}
	target, err := url.Parse(d.cloud.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/auth/tokens"):
			d.signIns.Add(1)
		case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/auth/tokens"):
			d.validations.Add(1)
			if d.shown != "" {
				_, _ = io.WriteString(w, d.shown)
				return
			}
		}
		if d.hold != nil {
			<-d.hold
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	cloud := openstack.New(server.URL+"/identity/v3", "demo", "demo", "demo")
	_, err = cloud.Manager(t.Context())
	require.NoError(t, err)
	d.Service = &identity.Service{Cloud: cloud}
	d.signIns.Store(0)
	return d
}

func password(user, secret, project string) identity.Credentials {
	return identity.Credentials{Username: user, Password: secret, UserDomain: "Default", Project: project, ProjectDomain: "Default"}
}

func TestService_Password(t *testing.T) {
	d := newCountingService(t)
	for user, role := range map[string]identity.Role{"admin": identity.Administrator, "demo": identity.Operator, "viewer": identity.Viewer} {
		id, err := d.SignIn(t.Context(), password(user, user, "demo"))
		require.NoError(t, err)
		require.Equal(t, role, id.Role)
		require.Equal(t, user, id.UserName)
		require.Equal(t, "demo", id.ProjectName)
		require.NotEmpty(t, id.Token)
		require.False(t, id.Restricted)
		require.True(t, id.ExpiresAt.After(time.Now()))
		same, err := d.Validate(t.Context(), id.Token)
		require.NoError(t, err)
		require.Equal(t, id, same)
	}
}

func TestService_RefusalHasNoReason(t *testing.T) {
	d := newCountingService(t)
	for name, c := range map[string]identity.Credentials{
		"wrong password": password("demo", "hunter2", "demo"), "unknown user": password("nobody", "hunter2", "demo"),
		"unknown project": password("demo", "demo", "nothing"), "a project without a role": password("demo", "demo", "other"),
		"unknown credential": {ApplicationCredentialID: "0123456789abcdef", ApplicationCredentialSecret: "hunter2"},
	} {
		_, err := d.SignIn(t.Context(), c)
		require.Equal(t, fault.Unauthorized, fault.KindOf(err), "%s: %v", name, err)
		require.Equal(t, "user name, password or project are not right", fault.MessageOf(err).String(), name)
	}
}

func TestService_OtherProject(t *testing.T) {
	d := newCountingService(t)
	_, err := d.SignIn(t.Context(), password("other", "other", "other"))
	require.Equal(t, fault.Forbidden, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "another project")
	_, err = d.Validate(t.Context(), d.cloud.Client(t, "other").Token())
	require.Equal(t, fault.Forbidden, fault.KindOf(err), "%v", err)
}

// credential creates an application credential of the demo user with the given roles.
func (d *countingService) credential(t *testing.T, body string) identity.Credentials {
	t.Helper()
	id, err := d.SignIn(t.Context(), password("demo", "demo", "demo"))
	require.NoError(t, err)
	response := d.cloud.Raw(t, "demo", http.MethodPost, "/identity/v3/users/"+id.UserID+"/application_credentials", body)
	raw, err := json.Marshal(response["application_credential"])
	require.NoError(t, err)
	var made struct{ ID, Secret string }
	require.NoError(t, json.Unmarshal(raw, &made))
	require.NotEmpty(t, made.Secret)
	d.signIns.Store(0)
	return identity.Credentials{ApplicationCredentialID: made.ID, ApplicationCredentialSecret: made.Secret}
}

// A scheduler authenticates with each request: Keystone gets one request.
func TestService_ApplicationCredentialIsCached(t *testing.T) {
	d := newCountingService(t)
	c := d.credential(t, `{"application_credential": {"name": "cron"}}`)
	d.hold = make(chan struct{})
	var wg sync.WaitGroup
	tokens := make([]string, 20)
	for i := range tokens {
		wg.Go(func() {
			id, err := d.SignIn(t.Context(), c)
			require.NoError(t, err)
			require.True(t, id.Restricted, "it can make no trust")
			require.Equal(t, identity.Operator, id.Role)
			tokens[i] = id.Token
		})
	}
	close(d.hold)
	wg.Wait()
	for range 5 {
		id, err := d.SignIn(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, tokens[0], id.Token)
	}
	require.EqualValues(t, 1, d.signIns.Load())

	wrong := c
	wrong.ApplicationCredentialSecret = "hunter2"
	_, err := d.SignIn(t.Context(), wrong)
	require.Equal(t, fault.Unauthorized, fault.KindOf(err), "the cache answers only to the secret")
}

func TestService_CredentialWithoutRole(t *testing.T) {
	d := newCountingService(t)
	c := d.credential(t, `{"application_credential": {"name": "reader", "roles": [{"name": "reader"}]}}`)
	id, err := d.SignIn(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, identity.Viewer, id.Role, "a credential may hold less than its user")
}

// A Keystone role without a role of the product.
func TestService_UnknownRole(t *testing.T) {
	d := newCountingService(t)
	d.shown = `{"token":{"user":{"id":"u","name":"eve"},"project":{"id":"` + d.cloud.Project(t, "demo") + `","name":"demo"},"catalog":[],
		"roles":[{"name":"heat_stack_owner"}],"methods":["password"],"expires_at":"2099-01-01T00:00:00.000000Z"}}`
	_, err := d.Validate(t.Context(), "gAAAAeve")
	require.Equal(t, fault.Forbidden, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "no role")
}

func TestService_TokenIsCached(t *testing.T) {
	d := newCountingService(t)
	token := d.cloud.Client(t, "viewer").Token()
	for range 10 {
		_, err := d.Validate(t.Context(), token)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, d.validations.Load())
	for range 2 {
		_, err := d.Validate(t.Context(), "gAAAAnobody")
		require.Equal(t, fault.Unauthorized, fault.KindOf(err), "%v", err)
	}
	require.EqualValues(t, 3, d.validations.Load(), "refusals are not remembered")
}

func TestService_Revoke(t *testing.T) {
	d := newCountingService(t)
	id, err := d.SignIn(t.Context(), password("demo", "demo", "demo"))
	require.NoError(t, err)
	_, err = d.Validate(t.Context(), id.Token)
	require.NoError(t, err)
	require.NoError(t, d.Revoke(t.Context(), id.Token))
	_, err = d.Validate(t.Context(), id.Token)
	require.Equal(t, fault.Unauthorized, fault.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "sign in again")
}

func TestService_KeystoneUnavailable(t *testing.T) {
	d := newCountingService(t)
	d.cloud.Control(t, http.MethodPost, "/faults", `{"service":"keystone","method":"POST","path_regex":"/auth/tokens","count":1,"kind":"status","status":503}`)
	_, err := d.SignIn(t.Context(), password("demo", "demo", "demo"))
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
}

// Keystone omits the time zone of the expiry if the credential expires before the token would.
func TestService_CredentialExpiresBeforeToken(t *testing.T) {
	d := newCountingService(t)
	end := time.Now().UTC().Add(10 * time.Minute).Truncate(time.Second)
	c := d.credential(t, `{"application_credential": {"name": "short", "expires_at": "`+end.Format("2006-01-02T15:04:05.000000")+`"}}`)
	id, err := d.SignIn(t.Context(), c)
	require.NoError(t, err)
	require.WithinDuration(t, end, id.ExpiresAt, time.Second)
}
