package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/sdk"
)

// TestSDK uses the Go client as an external scheduler does, with a token of the cloud, while the manager restarts. Then a
// client that a public generator has made from the contract does the same reads.
func TestSDK(t *testing.T) {
	t.Parallel()
	p := start(t)
	token := p.token(t, "demo")
	client, err := sdk.New("http://"+p.listen, sdk.Token(token))
	require.NoError(t, err)

	ctx := sdk.WithIdempotencyKey(t.Context(), "deploy-once")
	started, err := client.DeployStack(ctx, sdk.StackParameters{Name: "toolbox"})
	require.NoError(t, err)
	again, err := client.DeployStack(ctx, sdk.StackParameters{Name: "toolbox"})
	require.NoError(t, err)
	require.Equal(t, started.ID, again.ID, "the same key is the same task")

	_, err = client.LaunchApp(t.Context(), "ntp", sdk.LaunchAppRequest{})
	require.Error(t, err)
	require.NotEqual(t, sdk.ProblemCodeInternal, sdk.CodeOf(err))

	restarted, reports := false, 0
	done, err := client.WaitForTask(t.Context(), started.ID, func(sdk.Task) {
		reports++
		if !restarted {
			restarted = true
			p.kill()
			p.up(t)
		}
	})
	require.NoError(t, err)
	require.Equal(t, sdk.TaskStatusSucceeded, done.Status, done.Message)
	require.Greater(t, reports, 1)

	instances, err := client.AllInstances(t.Context(), sdk.ListInstancesParams{})
	require.NoError(t, err)
	require.NotEmpty(t, instances)
	launch, err := client.LaunchApp(t.Context(), "ntp", sdk.LaunchAppRequest{})
	require.NoError(t, err)
	launch, err = client.WaitForTask(t.Context(), launch.ID, nil)
	require.NoError(t, err)
	require.Equal(t, sdk.TaskStatusSucceeded, launch.Status, launch.Message)
	lines := 0
	task, err := client.InstallAgent(t.Context(), enrolledInstance(t, instances), "ntp")
	require.NoError(t, err)
	for e, err := range client.FollowTaskLog(t.Context(), task.ID, sdk.FollowTaskLogParams{}) {
		require.NoError(t, err)
		lines += len(e.Lines)
	}
	require.NotZero(t, lines)
	_, err = client.GetTask(t.Context(), "app:none~"+started.ID)
	require.Equal(t, sdk.ProblemCodeNotFound, sdk.CodeOf(err), "%v", err)

	runGeneratedClient(t, "http://"+p.listen+"/api/v1", token)
}

func enrolledInstance(t *testing.T, all []sdk.Instance) string {
	t.Helper()
	for _, i := range all {
		if i.Enrolled {
			return i.ID
		}
	}
	require.Fail(t, "no instance is enrolled")
	return ""
}

// runGeneratedClient generates a client with oapi-codegen, compiles it with the program in testdata/client and runs it.
func runGeneratedClient(t *testing.T, server, token string) {
	t.Helper()
	root, dir := temporaltest.Root(t), t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/client")))
	generate := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-generate", "models,client", "-package", "main",
		"-o", filepath.Join(dir, "client.gen.go"), filepath.Join(root, "api", "openapi.yaml"))
	generate.Dir = filepath.Join(root, "tools")
	out, err := generate.CombinedOutput()
	require.NoError(t, err, "%s", out)
	run := exec.CommandContext(t.Context(), "go", "run", ".", server)
	run.Dir, run.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "MCM_TOKEN="+token)
	out, err = run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "apps: ")
	require.Contains(t, string(out), http.StatusText(http.StatusNotFound))
}
