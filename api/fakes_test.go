package api

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/stack"
	"mycloudmanager/workflows"
)

// TestMain discards logs: those of hundreds of rejected requests would hide the output of the tests.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// testServer is the real router on fakes that respond from memory and count the started tasks.
type testServer struct {
	*Server
	handler    http.Handler
	identities *fakeIdentities
	tasks      *fakeTasks
	audit      *fakeAudit
	stacks     *fakeStacks
	apps       *fakeApps
	instances  *fakeInstances
	plans      *fakePlans
	backups    *fakeBackups
	tokens     *fakeTokens
	channels   *fakeNotifications
}

func newTestServer(t *testing.T) *testServer {
	t.Helper()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>page</html>") })
	h := &testServer{identities: &fakeIdentities{}, tasks: &fakeTasks{}, audit: &fakeAudit{},
		stacks: &fakeStacks{}, apps: &fakeApps{}, instances: &fakeInstances{}, tokens: &fakeTokens{},
		plans: &fakePlans{}, backups: &fakeBackups{}, channels: &fakeNotifications{}}
	h.Server = &Server{
		Config: Config{SessionKey: make([]byte, 32), TemporalWeb: page, Codec: page, UI: page, Metrics: page,
			Defaults: SignInDefaults{Project: "demo", UserDomain: "Default", ProjectDomain: "Default"}},
		Identities: h.identities, Tasks: h.tasks, Stacks: h.stacks, Apps: h.apps, Instances: h.instances,
		Tokens: h.tokens, Plans: h.plans, Backups: h.backups, Notifications: h.channels,
		Audit: h.audit, Operations: workflows.ByName(),
	}
	var err error
	h.handler, err = h.Handler()
	require.NoError(t, err)
	return h
}

// ask is one request; zero values are omitted.
type ask struct {
	method, path, body string
	as                 identity.Role // signed in by cookie with its CSRF token
	header             map[string]string
}

func (h *testServer) send(t *testing.T, a ask) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), a.method, a.path, strings.NewReader(a.body))
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.as != identity.None {
		cookie, csrf := h.signedIn(t, a.as)
		r.Header.Set("Cookie", cookie)
		r.Header.Set(csrfHeader, csrf)
	}
	for name, v := range a.header {
		if v == "" {
			r.Header.Del(name)
			continue
		}
		r.Header[http.CanonicalHeaderKey(name)] = []string{v} // unchanged: net/http's client would reject some values
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h *testServer) signedIn(t *testing.T, role identity.Role) (cookie, csrf string) {
	t.Helper()
	full, v, err := h.newCookie(someone(role))
	require.NoError(t, err)
	cookie, _, _ = strings.Cut(full, ";")
	return cookie, v.CSRF
}

// problem decodes the problem that every error response holds.
func problem(t *testing.T, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), w.Body.String())
	var p Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p), w.Body.String())
	require.Equal(t, w.Code, p.Status)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Code)
	return p
}

func someone(role identity.Role) identity.Identity {
	return identity.Identity{UserID: "u-" + string(role), UserName: string(role), ProjectID: "p1", ProjectName: "demo", Role: role,
		Token: string(role), ExpiresAt: time.Now().Add(time.Hour)}
}

// fakeIdentities has one user for each role. User name, password and token are the name of the role.
type fakeIdentities struct {
	err     error // returned by SignIn instead
	signIns atomic.Int32
}

func (p *fakeIdentities) SignIn(_ context.Context, c identity.Credentials) (identity.Identity, error) {
	p.signIns.Add(1)
	if p.err != nil {
		return identity.Identity{}, p.err
	}
	if name := c.Username + c.ApplicationCredentialID; name == c.Password+c.ApplicationCredentialSecret && identity.Role(name).Allows(identity.Viewer) {
		return someone(identity.Role(name)), nil
	}
	return identity.Identity{}, fault.New(fault.Unauthorized, nil, "user name, password or project are not right")
}

func (p *fakeIdentities) Validate(_ context.Context, token string) (identity.Identity, error) {
	if !identity.Role(token).Allows(identity.Viewer) {
		return identity.Identity{}, fault.New(fault.Unauthorized, nil, "the token is not valid or has ended: sign in again")
	}
	return someone(identity.Role(token)), nil
}

func (*fakeIdentities) Revoke(context.Context, string) error { return nil }

const runningTask = "app:ntp~0001"

// fakeTasks counts started, cancelled and retried tasks.
type fakeTasks struct {
	count     atomic.Int32
	err       error
	operation string           // of the only task; default: app.launch
	run       operation.Status // of the plan's last run, if any
	events    chan task.Task
	log       *tasklog.View
	changes   chan task.LogUpdate
	cursor    string // of the last follower of a log
}

func (w *fakeTasks) task() task.Task {
	name := w.operation
	if name == "" {
		name = "app.launch"
	}
	return task.Task{ID: runningTask, Operation: name, Targets: []operation.Target{}, Status: operation.Running, Via: "api", Steps: []task.Step{},
		Result: map[string]any{}, StartedAt: time.Now().UTC()}
}

func (w *fakeTasks) change() (task.Task, error) {
	w.count.Add(1)
	return w.task(), w.err
}

func (w *fakeTasks) Start(context.Context, task.StartRequest) (task.Task, error) { return w.change() }
func (w *fakeTasks) FindByIdempotencyKey(context.Context, task.StartRequest) (*task.Task, error) {
	return nil, w.err
}
func (w *fakeTasks) Cancel(context.Context, string) (task.Task, error)         { return w.change() }
func (w *fakeTasks) Running(context.Context, operation.Target) (string, error) { return "", nil }
func (w *fakeTasks) RunningByTarget(context.Context, string) (map[string]string, error) {
	return nil, w.err
}
func (w *fakeTasks) LatestByTarget(context.Context, operation.Target) (task.Task, error) {
	return w.task(), w.err
}
func (w *fakeTasks) Watch(context.Context, string) <-chan task.Task { return w.stream() }
func (w *fakeTasks) WatchAll(context.Context) <-chan task.Task      { return w.stream() }
func (w *fakeTasks) Log(context.Context, string, string) (*tasklog.View, error) {
	if w.log != nil {
		return w.log, w.err
	}
	return tasklog.NewStaticView(tasklog.Line{Time: time.Now(), Step: "InstallApp", Level: "info", Message: "starts"}), w.err
}

func (w *fakeTasks) FollowLog(_ context.Context, _, _, cursor string, _ bool) <-chan task.LogUpdate {
	w.cursor = cursor
	if w.changes != nil {
		return w.changes
	}
	ended := make(chan task.LogUpdate)
	close(ended)
	return ended
}

func (w *fakeTasks) Retry(context.Context, string, operation.Request, string, string) (task.Task, error) {
	return w.change()
}

func (w *fakeTasks) Get(context.Context, string) (task.Task, error) { return w.task(), w.err }

// List rejects invalid page tokens before anything else, as the real one does.
func (w *fakeTasks) List(ctx context.Context, f task.Filter) (task.Page, error) {
	if f.PageToken != "" {
		return (&task.Service{}).List(ctx, f)
	}
	if f.Operation == "backup.run" && w.run != "" {
		return task.Page{Items: []task.Task{{ID: "plan:p~1", Operation: f.Operation, Targets: []operation.Target{{Kind: "plan", ID: planID}}, Status: w.run, StartedAt: time.Now()}}}, w.err
	}
	return task.Page{Items: []task.Task{w.task()}}, w.err
}

func (w *fakeTasks) stream() <-chan task.Task {
	if w.events != nil {
		return w.events
	}
	ended := make(chan task.Task)
	close(ended)
	return ended
}

// fakeStacks has one complete stack.
type fakeStacks struct{ err error }

func (s *fakeStacks) Get(context.Context) (stack.Stack, error) {
	return stack.Stack{Name: "toolbox", State: stack.Ready, Reason: i18n.Messagef("%s is %s", "node-1", "SHUTOFF"), Parameters: map[string]string{}, Outputs: map[string]any{}, Nodes: []stack.Node{}}, s.err
}

func (s *fakeStacks) Name(context.Context) (string, error) { return "toolbox", s.err }

func (s *fakeStacks) Topology(context.Context) (stack.Topology, error) {
	return stack.Topology{Nodes: []stack.Vertex{}, Edges: []stack.Edge{}}, s.err
}

func (s *fakeStacks) Events(context.Context) ([]stack.Event, error) { return []stack.Event{}, s.err }
func (s *fakeStacks) Options(context.Context) (stack.Options, error) {
	return stack.Options{Presets: stack.Presets(), KeyPairs: []string{}, VolumeTypes: []string{}}, s.err
}

func (s *fakeStacks) Preflight(_ context.Context, p stack.Parameters, _ string, _ bool) (stack.Report, error) {
	return stack.Report{OK: true, Checks: []stack.Check{{Resource: "image", OK: true, Detail: i18n.Messagef("%s is %s", "image", "ACTIVE")}}, Parameters: p}, s.err
}

// fakeApps has one installed app.
type fakeApps struct{ err error }

func (s *fakeApps) app() app.App {
	none := map[string]any{}
	return app.App{Name: "ntp", Title: "NTP", Version: "4", AvailableVersions: []string{"4"}, Available: true, Health: app.Healthy, Revision: 1, Agent: app.Agent{Supported: true},
		Links: []app.Link{}, RetainedVolumes: []app.RetainedVolume{}, Settings: app.Settings{Environment: none, Parameters: none},
		Schema: app.Schema{Environment: none, Parameters: none}, ETag: "e1"}
}

func (s *fakeApps) List(context.Context) ([]app.App, error) { return []app.App{s.app()}, s.err }

func (s *fakeApps) Get(_ context.Context, name string) (app.App, error) {
	if s.err == nil && name != "ntp" {
		return app.App{}, fault.New(fault.NotFound, nil, "the catalogue has no app %q", name)
	}
	return s.app(), s.err
}

func (s *fakeApps) GetFresh(ctx context.Context, name string) (app.App, error) {
	return s.Get(ctx, name)
}

func (s *fakeApps) Icon(string) ([]byte, error) { return []byte("<svg/>"), s.err }

func (s *fakeApps) Revisions(context.Context, string) ([]app.Revision, error) {
	return []app.Revision{}, s.err
}

func (s *fakeApps) UpgradeDiff(context.Context, string, string) ([]app.PlanRow, error) {
	return []app.PlanRow{}, s.err
}

func (s *fakeApps) CheckSettings(_ context.Context, _ string, in app.Settings) (app.Settings, []operation.Change, error) {
	return in, []operation.Change{}, s.err
}

// fakeAudit stores audit records.
type fakeAudit struct {
	records []audit.Record
	err     error
}

func (b *fakeAudit) Append(_ context.Context, r audit.Record) error {
	b.records = append(b.records, r)
	return b.err
}

func (b *fakeAudit) List(context.Context, audit.Filter) ([]audit.Record, error) {
	return []audit.Record{{Detail: i18n.Messagef("%s is %s", "node-1", "SHUTOFF"), Targets: []operation.Target{}, Changes: []operation.Change{}}}, b.err
}

func (b *fakeAudit) Each(_ context.Context, _ audit.Filter, visit func(audit.Record) error) error {
	for _, r := range b.records {
		if err := visit(r); err != nil {
			return err
		}
	}
	return b.err
}
