package worker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/internal/stack"
	"mycloudmanager/sandbox/playbook"
	"mycloudmanager/sandbox/sandboxtest"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// testEnv runs the real activities on a simulated cloud.
type testEnv struct {
	cloud *sandboxtest.Cloud
	parts worker.Dependencies
	token string
	runs  int
	// enrolled is the instance of operations on instances.
	enrolled workflows.EnrollInstanceInput
	// plan and backup are the plan and the backup of operations on backups.
	plan   backup.Plan
	backup backup.Backup
}

func newTestEnv(t testing.TB) *testEnv {
	t.Helper()
	return newTestEnvOn(t, sandboxtest.Start(t))
}

func newTestEnvOn(t testing.TB, sim *sandboxtest.Cloud) *testEnv {
	t.Helper()
	cloud := openstack.New(sim.AuthURL, "demo", "demo", "demo")
	apps, err := catalog.Load(deploy.Files)
	require.NoError(t, err)
	template, err := stack.LoadTemplate(deploy.Files)
	require.NoError(t, err)
	dir := t.TempDir()
	signer, err := ssh.LoadKey(filepath.Join(dir, "ssh_identity"))
	require.NoError(t, err)
	store, err := audit.Open(t.Context(), filepath.Join(dir, "audit.db"), make([]byte, 32))
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	user, err := cloud.SignIn(t.Context(), openstack.Login{Username: "demo", Password: "demo", UserDomain: "Default", Project: "demo", ProjectDomain: "Default"})
	require.NoError(t, err)
	provider := &ssh.KubeconfigProvider{CacheDir: dir, Cloud: cloud, Signer: signer, Dial: ssh.HTTPConnectDialer(sim.URL[len("http://"):])}
	key, err := os.ReadFile(filepath.Join(dir, "ssh_identity"))
	require.NoError(t, err)
	own := temporaltest.Product(t)
	fakeAnsible := filepath.Join(dir, playbook.Name)
	require.NoError(t, os.Symlink(own, fakeAnsible))
	engines, err := backup.LoadScripts(deploy.Files)
	require.NoError(t, err)
	return &testEnv{cloud: sim, token: user.Token(), parts: worker.Dependencies{
		Cloud: cloud, Catalog: apps, Template: template, PublicKey: ssh.AuthorizedKey(signer), PollInterval: 10 * time.Millisecond,
		Records: &backup.Records{Store: cloud.Objects}, BackupKey: make([]byte, 32), Engines: engines,
		Recorder: &audit.Recorder{Store: store}, Converter: converter.GetDefaultDataConverter(),
		Cluster: &cluster.Cluster{Provider: provider}, Instances: &ssh.Dialer{Kubeconfig: provider, Key: key},
		Playbooks: &ansible.Runner{Executable: fakeAnsible}, ProxyCommand: []string{own, "ssh-proxy"},
	}}
}

// faultInjector calls then before one activity of a run, which fails if then returns an error.
type faultInjector struct {
	interceptor.WorkerInterceptorBase
	calls atomic.Int32
	at    int32
	then  func() error
}

func (s *faultInjector) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &injectedInbound{interceptor.ActivityInboundInterceptorBase{Next: next}, s}
}

type injectedInbound struct {
	interceptor.ActivityInboundInterceptorBase
	by *faultInjector
}

func (s *injectedInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if s.by.calls.Add(1) == s.by.at {
		if err := s.by.then(); err != nil {
			return nil, err
		}
	}
	return s.Next.ExecuteActivity(ctx, in)
}

// environment returns a new workflow environment on the test environment.
func (h *testEnv) environment(s *faultInjector) *testsuite.TestWorkflowEnvironment {
	env := new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(sdkworker.Options{DeadlockDetectionTimeout: time.Minute, Interceptors: append(worker.Interceptors(h.parts), s)})
	worker.Register(env, h.parts)
	h.runs++ // each run is a separate operation
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: fmt.Sprintf("test:%d", h.runs)})
	return env
}

// run runs a workflow and requires that it succeeds.
func (h *testEnv) run(t testing.TB, workflow, input any) {
	t.Helper()
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(workflow, input)
	require.NoError(t, env.GetWorkflowError())
}

// onServer runs a workflow on a real Temporal server with its own worker.
func (h *testEnv) onServer(server *temporaltest.Server, s *faultInjector, prepare func(id string), workflow, input any) error {
	h.runs++
	id := fmt.Sprintf("%p:%d", h, h.runs)
	prepare(id)
	w := sdkworker.New(server.Client, id, sdkworker.Options{Interceptors: append(worker.Interceptors(h.parts), s),
		MaxHeartbeatThrottleInterval: 100 * time.Millisecond, DefaultHeartbeatThrottleInterval: 100 * time.Millisecond})
	worker.Register(w, h.parts)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	run, err := server.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: id}, workflow, input)
	if err != nil {
		return err
	}
	return run.Get(ctx, nil)
}

// count returns the number of resources in the cloud by kind, without transient ones.
func (h *testEnv) count(t *testing.T) map[string]int {
	t.Helper()
	counts := h.cloud.Count(t)
	for _, noise := range []string{"kube/events", "keystone/tokens", "kube/leases", "nova/console", "nova/actions"} {
		delete(counts, noise)
	}
	// Revisions of a Helm release are its history: count releases instead.
	counts["kube/secrets"] = 0
	releases := map[string]bool{}
	for _, secret := range h.cloud.State(t)["kube"]["secrets"] {
		if name, ok := strings.CutPrefix(secret.Name, "sh.helm.release.v1."); ok {
			releases[name[:strings.LastIndex(name, ".")]] = true
		} else {
			counts["kube/secrets"]++
		}
	}
	counts["helm/releases"] = len(releases)
	// The number of data objects in repositories varies: count snapshots, locks, records and lists instead.
	delete(counts, "swift/objects")
	for _, o := range h.cloud.State(t)["swift"]["objects"] {
		for kind, is := range map[string]bool{"swift/snapshots": strings.HasPrefix(o.Name, "snapshots/"), "swift/locks": strings.HasPrefix(o.Name, "locks/"),
			"swift/records": strings.HasSuffix(o.Name, ".json"), "swift/lists": strings.HasSuffix(o.Name, ".files.jsonl.gz")} {
			if is {
				counts[kind]++
			}
		}
	}
	for what, n := range counts {
		if n == 0 {
			delete(counts, what)
		}
	}
	return counts
}

func small(h *testEnv) workflows.DeployStackInput {
	return workflows.DeployStackInput{Parameters: stack.Parameters{Name: "toolbox", Preset: "small"}, UserToken: h.token}
}

var errInjected = fault.New(fault.Invalid, nil, "refused by the test")
