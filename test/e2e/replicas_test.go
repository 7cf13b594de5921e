package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/platform/supervisor"
)

// replicaSet is the setup of docs/operations/replicas.md on one machine: two mcm api and two mcm worker,
// Temporal and the audit log on PostgreSQL, and an external cloud.
type replicaSet struct {
	temporal *supervisor.Temporal
	cloud    *product
	apis     []*product
	workers  []*product
}

func startFleet(t *testing.T) *replicaSet {
	t.Helper()
	db := startPostgres(t)
	require.NoError(t, db.exec("postgres", "CREATE DATABASE audit"))
	openConcurrently(t, db.url("audit"))
	f := &replicaSet{cloud: newProduct(t)}
	f.startCloud(t)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var err error
	f.temporal, err = supervisor.StartTemporal(ctx, supervisor.TemporalOptions{Executable: temporaltest.Executable(t), DataDir: dir,
		Database: db.url("temporal"), Namespace: "mcm", PublicPath: "/temporal"})
	require.NoError(t, err)
	t.Cleanup(f.temporal.Stop)
	environment := f.environment(t, dir, db.url("audit"))
	for n, mode := range []string{"api", "api", "worker", "worker"} {
		p := newProduct(t)
		p.arguments, p.environment = []string{mode}, environment
		if n > 0 {
			share(t, f.apis[0], p)
		}
		if mode == "api" {
			p.up(t)
			f.apis = append(f.apis, p)
		} else {
			require.NoError(t, p.spawn(temporaltest.Product(t)))
			f.workers = append(f.workers, p)
		}
		t.Cleanup(func() { p.down(t) })
	}
	return f
}

// openConcurrently opens a new audit log from several replicas that start at the same time.
func openConcurrently(t *testing.T, url string) {
	t.Helper()
	var all errgroup.Group
	for range 8 {
		all.Go(func() error {
			store, err := audit.Open(t.Context(), url, make([]byte, 32))
			if err != nil {
				return err
			}
			return store.Close()
		})
	}
	require.NoError(t, all.Wait())
}

// startCloud starts the simulated cloud as a separate process.
func (f *replicaSet) startCloud(t *testing.T) {
	t.Helper()
	p := f.cloud
	dir := p.dir + "/sandbox"
	p.arguments = []string{"sandbox-cloud", "--sandbox-listen", p.sandbox, "--dir", dir, "--sandbox-speed", strconv.Itoa(chaosSpeed)}
	require.NoError(t, p.spawn(temporaltest.Product(t)))
	t.Cleanup(func() { p.down(t) })
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir + "/process.json")
		return err == nil
	}, 30*time.Second, 50*time.Millisecond)
}

// environment returns the settings that all replicas share.
func (f *replicaSet) environment(t *testing.T, dir, audit string) []string {
	t.Helper()
	return append(temporalAt(t, f.temporal, dir), "MCM_AUDIT_URL="+audit,
		"MCM_SSH_PROXY="+f.cloud.sandbox, "OS_AUTH_URL=http://"+f.cloud.sandbox+"/identity/v3", "OS_USERNAME=demo", "OS_PASSWORD=demo",
		"OS_PROJECT_NAME=demo", "OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default")
}

// temporalAt returns the settings of an external Temporal; the certificates are in dir.
func temporalAt(t *testing.T, temporal *supervisor.Temporal, dir string) []string {
	t.Helper()
	ca, cert, key := temporal.PEM()
	for name, pem := range map[string]string{"ca": ca, "cert": cert, "key": key} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(pem), 0o600))
	}
	return []string{"MCM_TEMPORAL_ADDRESS=" + temporal.Frontend, "MCM_TEMPORAL_TLS_CA=" + dir + "/ca", "MCM_TEMPORAL_TLS_CERT=" + dir + "/cert",
		"MCM_TEMPORAL_TLS_KEY=" + dir + "/key", "MCM_TEMPORAL_TLS_SERVER_NAME=localhost"}
}

// share copies the files that the first replica has created, as the operations guide describes.
func share(t *testing.T, first, p *product) {
	t.Helper()
	from, to := first.dir+"/data/", p.dir+"/data/"
	require.NoError(t, os.Mkdir(to, 0o700))
	for _, name := range []string{"keys", "audit.key", "backup.key", "session.key", "ssh_identity"} {
		out, err := exec.Command("cp", "-a", from+name, to).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

// TestReplicas requires that replicas share their state: it does not matter to users which one they use.
func TestReplicas(t *testing.T) {
	f := startFleet(t)
	demo := f.apis[0].signIn(t, "demo")
	_ = t.Run("a session moves on", func(t *testing.T) { sessionMoves(t, f, demo) }) &&
		t.Run("events go on at the other", func(t *testing.T) { eventsMove(t, f, demo) }) &&
		t.Run("a key is one task at both", func(t *testing.T) { keyAtBoth(t, f, demo) }) &&
		t.Run("a dead worker's work goes on at the other", func(t *testing.T) { workResumes(t, f, demo) }) &&
		t.Run("chaos", func(t *testing.T) { chaosAmong(t, f) })
}

// sessionMoves uses a session of one replica at the other, for a read and a change.
func sessionMoves(t *testing.T, f *replicaSet, demo *person) {
	there := demo.at(f.apis[1])
	var session map[string]any
	there.get(t, "/session", &session)
	require.Equal(t, "operator", session["role"])
	deploy := there.begin(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"}, nil)
	demo.end(t, deploy.ID, "succeeded")
	var page struct {
		Items []struct{ Task string } `json:"items"`
	}
	demo.get(t, "/audit?operation=stack.deploy&outcome=succeeded", &page)
	require.Len(t, page.Items, 1, "the audit is one")
	response, _ := there.do(t, http.MethodDelete, "/session", nil, nil)
	require.Equal(t, http.StatusNoContent, response.StatusCode)
	*demo = *f.apis[0].signIn(t, "demo")
}

// eventsMove follows a task at one replica, kills it, and continues at the other.
func eventsMove(t *testing.T, f *replicaSet, demo *person) {
	launch := demo.begin(t, http.MethodPost, "/apps/ntp/launch", map[string]any{}, nil)
	stream := demo.events(t, launch.ID, "")
	id, now := stream.next(t)
	require.Equal(t, launch.ID, now.ID)
	f.apis[0].kill()
	stream.close()
	stream = demo.at(f.apis[1]).events(t, launch.ID, id)
	defer stream.close()
	last := id
	for now.Status != "succeeded" {
		id, now = stream.next(t)
		require.Greater(t, id, last, "events are in the order of time on every replica")
		last = id
	}
	f.apis[0].up(t)
}

// keyAtBoth sends one request with one idempotency key to both replicas concurrently, several times.
func keyAtBoth(t *testing.T, f *replicaSet, demo *person) {
	for i := range 3 {
		path := "/apps/ntp/stop"
		if i%2 == 1 {
			path = "/apps/ntp/launch"
		}
		key := map[string]string{"Idempotency-Key": fmt.Sprint("both-", i)}
		var (
			mu  sync.Mutex
			wg  sync.WaitGroup
			ids = map[string]int{}
		)
		for n := range 6 {
			wg.Go(func() {
				id := demo.at(f.apis[n%2]).begin(t, http.MethodPost, path, nil, key).ID
				mu.Lock()
				defer mu.Unlock()
				ids[id]++
			})
		}
		wg.Wait()
		require.Len(t, ids, 1, "round %d", i)
		for id := range ids {
			demo.end(t, id, "succeeded")
		}
	}
	demo.work(t, http.MethodPost, "/apps/ntp/uninstall", map[string]any{"delete_volume": true, "confirm": "ntp"})
	demo.work(t, http.MethodDelete, "/stack?confirm=toolbox", nil)
}

// workResumes kills the worker that waits for Heat, and keeps it down until the other one has taken over.
func workResumes(t *testing.T, f *replicaSet, demo *person) {
	c := connect(t, f.temporal, f.apis[0].dir+"/data/keys")
	deploy := demo.begin(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"}, nil)
	workflowID, run, _ := strings.Cut(deploy.ID, "~")
	waiting := func() *workflowpb.PendingActivityInfo {
		d, err := c.DescribeWorkflowExecution(t.Context(), workflowID, run)
		require.NoError(t, err)
		for _, a := range d.PendingActivities {
			if a.ActivityType.Name == "AwaitStack" && a.State == enumspb.PENDING_ACTIVITY_STATE_STARTED {
				return a
			}
		}
		return nil
	}
	require.Eventually(t, func() bool { return waiting() != nil }, 30*time.Second, 20*time.Millisecond)
	f.cloud.control(t, http.MethodPost, "/faults", `{"service":"heat","method":"GET","kind":"status","status":503,"count":-1}`)
	dead := waiting().LastWorkerIdentity
	at := slices.IndexFunc(f.workers, func(p *product) bool {
		return strings.HasPrefix(dead, strconv.Itoa(p.process.Process.Pid)+"@")
	})
	require.GreaterOrEqual(t, at, 0, dead)
	f.workers[at].kill()
	killed := time.Now()
	require.Eventually(t, func() bool { a := waiting(); return a != nil && a.LastWorkerIdentity != dead }, maxStall, 100*time.Millisecond)
	t.Logf("the other worker went on after %s", time.Since(killed).Round(100*time.Millisecond))
	f.cloud.control(t, http.MethodDelete, "/faults", "")
	demo.end(t, deploy.ID, "succeeded")
	require.NoError(t, f.workers[at].spawn(temporaltest.Product(t)))
	demo.work(t, http.MethodDelete, "/stack?confirm=toolbox", nil)
}

// chaosAmong runs the chaos test of one machine on the replicas.
func chaosAmong(t *testing.T, f *replicaSet) {
	c := chaosFor(t, 4)
	c.apis, c.cloud = f.apis, f.cloud
	c.victims = []victim{
		{"api 1", killProduct(t, f.apis[0])}, {"api 2", killProduct(t, f.apis[1])},
		{"worker 1", killProduct(t, f.workers[0])}, {"worker 2", killProduct(t, f.workers[1])},
		{"mcm-temporal", killChild(os.Getpid, "mcm-temporal")},
	}
	c.run(t)
	replay(t, f.temporal, f.apis[0].dir+"/data/keys", c.earlier+len(c.started))
}

// stream is a stream of server-sent events.
type stream struct {
	response *http.Response
	lines    *bufio.Scanner
}

func (w *person) events(t *testing.T, id, last string) *stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.listen+"/api/v1/tasks/"+id+"/events", nil)
	require.NoError(t, err)
	request.Header.Set("Cookie", w.cookie)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	return &stream{response, bufio.NewScanner(response.Body)}
}

func (s *stream) close() { _ = s.response.Body.Close() }

// next returns the next event about the task, and its id.
func (s *stream) next(t *testing.T) (id string, now task) {
	t.Helper()
	var data string
	for s.lines.Scan() {
		switch name, value, _ := strings.Cut(s.lines.Text(), ": "); name {
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if id != "" {
				require.NoError(t, json.Unmarshal([]byte(data), &now))
				return id, now
			}
		}
	}
	require.Fail(t, "the stream has ended", "%v", s.lines.Err())
	return "", task{}
}
