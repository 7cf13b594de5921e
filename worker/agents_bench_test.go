package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	activities "mycloudmanager/activities/ansible"
	"mycloudmanager/deploy"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/ansible/ansibletest"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

// benchPlaybooks are as short as possible, so that the overhead of the product dominates.
var benchPlaybooks = map[string]string{
	catalog.AgentInstall: `- hosts: all
  gather_facts: false
  tasks:
  - {name: identify, ansible.builtin.command: id, changed_when: false}
  - {name: kernel, ansible.builtin.command: uname -a, changed_when: false}
  - {name: print, ansible.builtin.command: echo done, changed_when: false}
`,
	catalog.AgentVerify: `- hosts: all
  gather_facts: false
  tasks:
  - {name: verify, ansible.builtin.command: "true", changed_when: false}
`,
}

// agentsBench is a test environment with enrolled servers whose addresses all lead to one SSH server.
type agentsBench struct {
	*testEnv
	ids  []string
	host *ansibletest.Host
	key  []byte
	dir  string
}

func newAgentsBench(b *testing.B, size int) *agentsBench {
	b.Helper()
	f := &agentsBench{testEnv: newTestEnv(b), dir: b.TempDir()}
	signer, key := ansibletest.NewKey(b)
	f.key, f.host = key, ansibletest.Start(b, signer.PublicKey())
	files := fstest.MapFS{}
	require.NoError(b, fs.WalkDir(deploy.Files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(deploy.Files, name)
		if text, ok := benchPlaybooks[strings.TrimPrefix(name, "apps/ntp/agent/")]; ok {
			raw = []byte(text)
		}
		files[name] = &fstest.MapFile{Data: raw}
		return err
	}))
	var err error
	f.parts.Catalog, err = catalog.Load(files)
	require.NoError(b, err)
	f.run(b, workflows.DeployStack, small(f.testEnv))
	f.run(b, workflows.LaunchApp, workflows.LaunchAppInput{App: "ntp"})

	straight := &ssh.KubeconfigProvider{Kubeconfig: "none", Signer: signer, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", f.host.Port))
	}}
	f.parts.Instances = &ssh.Dialer{Kubeconfig: straight, Key: key}
	f.parts.Playbooks = &ansible.Runner{}
	f.enroll(b, size)
	return f
}

// enroll creates servers with the metadata of an enrollment.
func (f *agentsBench) enroll(b *testing.B, size int) {
	b.Helper()
	project := f.cloud.Project(b, "demo")
	f.cloud.Raw(b, "admin", http.MethodPut, "/compute/v2.1/os-quota-sets/"+project, `{"quota_set":{"instances":-1,"cores":-1,"ram":-1}}`)
	f.cloud.Raw(b, "admin", http.MethodPut, "/network/v2.0/quotas/"+project, `{"quota":{"port":-1}}`)
	model := f.cloud.Raw(b, "demo", http.MethodGet, "/compute/v2.1/servers/"+f.cloud.Find(b, "nova", "servers", "web-1").ID, "")["server"].(map[string]any)
	for n := range size {
		e := instance.Enrollment{At: time.Now(), Address: fmt.Sprintf("10.99.%d.%d", n/250, 1+n%250), HostKey: strings.TrimSpace(f.host.Key)}
		body, err := json.Marshal(map[string]any{"server": map[string]any{"name": fmt.Sprintf("bench-%03d", n), "flavorRef": "1",
			"imageRef": model["image"].(map[string]any)["id"], "metadata": e.Metadata(),
			"networks": []any{map[string]any{"uuid": f.cloud.Find(b, "neutron", "networks", "demo-net").ID}}}})
		require.NoError(b, err)
		server := f.cloud.Raw(b, "demo", http.MethodPost, "/compute/v2.1/servers", string(body))["server"].(map[string]any)
		f.ids = append(f.ids, server["id"].(string))
	}
}

// product installs the agent on all servers through the product and returns the duration.
func (f *agentsBench) product(b *testing.B, server *temporaltest.Server, name string) time.Duration {
	b.Helper()
	w := sdkworker.New(server.Client, name, sdkworker.Options{Interceptors: worker.Interceptors(f.parts)})
	worker.Register(w, f.parts)
	require.NoError(b, w.Start())
	defer w.Stop()
	began := time.Now()
	run, err := server.Client.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{ID: name, TaskQueue: name},
		workflows.RunAgents, workflows.AgentsInput{Action: activities.Install, Apps: []string{"ntp"}, Instances: f.ids})
	require.NoError(b, err)
	require.NoError(b, run.Get(b.Context(), nil))
	took := time.Since(began)
	var list []instance.Instance
	list, err = (&instance.Reader{Cloud: f.parts.Cloud, Catalog: f.parts.Catalog}).List(b.Context())
	require.NoError(b, err)
	installed := 0
	for _, i := range list {
		for _, a := range i.Agents {
			if a.App == "ntp" && a.State == instance.Installed {
				installed++
			}
		}
	}
	require.Equal(b, len(f.ids), installed)
	return took
}

// ansibleAlone runs the same two playbooks with ansible-playbook alone, tuned as its documentation recommends.
func (f *agentsBench) ansibleAlone(b *testing.B) time.Duration {
	b.Helper()
	var hosts strings.Builder
	for n := range f.ids {
		fmt.Fprintf(&hosts, "h%d ansible_host=127.0.0.1 ansible_port=%d ansible_user=mcm ansible_ssh_private_key_file=%s/key ansible_python_interpreter=/usr/bin/python3\n", n, f.host.Port, f.dir)
	}
	write := func(name, text string) {
		require.NoError(b, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
	}
	write("hosts", hosts.String())
	write("key", string(f.key))
	for name, text := range benchPlaybooks {
		write(name, text)
	}
	began := time.Now()
	for _, name := range []string{catalog.AgentInstall, catalog.AgentVerify} {
		cmd := exec.Command("/usr/bin/ansible-playbook", "-i", "hosts", "-f", fmt.Sprint(activities.MaxConcurrentHosts), name)
		cmd.Dir = f.dir
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + f.dir, "LC_ALL=C.UTF-8", "ANSIBLE_PIPELINING=1", "ANSIBLE_HOST_KEY_CHECKING=0"}
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
	}
	return time.Since(began)
}

// BenchmarkAgents compares agents on many hosts through the product with the same playbooks through ansible-playbook with as
// many forks, in turns. All hosts are one SSH server on this machine, so that the controller is measured.
func BenchmarkAgents(b *testing.B) {
	if os.Getenv("MCM_BENCH_SLOW") == "" {
		b.Skip("minutes of both processors: MCM_BENCH_SLOW=1")
	}
	server := temporaltest.Start(b)
	for _, size := range []int{50, 200} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f := newAgentsBench(b, size)
			for b.Loop() {
				plain := f.ansibleAlone(b)
				ours := f.product(b, server, fmt.Sprint("agents-", size))
				b.ReportMetric(plain.Seconds(), "plain_s")
				b.ReportMetric(ours.Seconds(), "ours_s")
				b.ReportMetric(float64(size)/ours.Seconds(), "hosts/s")
				b.ReportMetric(plain.Seconds()/ours.Seconds(), "throughput_ratio")
			}
		})
	}
}
