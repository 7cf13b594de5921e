package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOperations_resume_after_kill kills each process during a deployment and a launch. Both must resume and
// succeed, with one stack, one volume and one release.
func TestOperations_resume_after_kill(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")

	deploy := demo.begin(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "ha"}, nil)
	time.Sleep(time.Second)
	p.kill()
	p.up(t)
	require.NoError(t, syscall.Kill(p.child(t, "mcm-temporal"), syscall.SIGKILL))
	demo.end(t, deploy.ID, "succeeded")
	require.Equal(t, 1, p.count(t, "heat", "stacks", "toolbox"))
	require.Equal(t, 8, p.count(t, "nova", "servers", `"mcm:stack"`))

	launch := demo.begin(t, http.MethodPost, "/apps/zabbix/launch", map[string]any{}, nil)
	time.Sleep(500 * time.Millisecond)
	p.kill()
	p.up(t)
	demo.end(t, launch.ID, "succeeded")
	require.Equal(t, 1, p.count(t, "cinder", "volumes", `"mcm:app"`))
	require.Equal(t, 1, p.count(t, "kube", "statefulsets", "zabbix"))
	require.Equal(t, 1, p.count(t, "kube", "secrets", "sh.helm.release.v1.zabbix"))
}

// TestTask_blocked_by_quota_resumes_after_retry exceeds a quota while Heat works. The task must be blocked with
// the cloud's own message, and resume after a retry.
func TestTask_blocked_by_quota_resumes_after_retry(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")
	p.control(t, http.MethodPost, "/faults", `{"service":"nova","method":"POST","path_regex":"/servers$","count":1,"kind":"status","status":403,
		"body":{"forbidden":{"code":403,"message":"Quota exceeded for instances: Requested 1, but already used 30 of 30 instances"}}}`)
	deploy := demo.begin(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"}, nil)
	blocked := demo.end(t, deploy.ID, "blocked")
	require.Equal(t, "quota", blocked.Error.Code)
	require.Contains(t, blocked.Error.Detail, "Quota exceeded for instances")
	demo.begin(t, http.MethodPost, "/tasks/"+deploy.ID+"/retry", nil, nil)
	demo.end(t, deploy.ID, "succeeded")

	p.control(t, http.MethodPost, "/faults", `{"service":"cinder","method":"POST","path_regex":"/volumes$","count":1,"kind":"status","status":400,
		"body":{"badRequest":{"code":400,"message":"Invalid input received"}}}`)
	failed := demo.begin(t, http.MethodPost, "/apps/ntp/launch", nil, nil)
	require.Contains(t, demo.end(t, failed.ID, "failed").Error.Detail, "Invalid input received")
	again := demo.begin(t, http.MethodPost, "/tasks/"+failed.ID+"/retry", nil, nil)
	require.Equal(t, failed.ID, again.RetryOf)
	demo.end(t, again.ID, "succeeded")
}

// TestStack_deploy_over_quota_is_refused requires a refusal with a table of quotas, before anything is created.
func TestStack_deploy_over_quota_is_refused(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")
	p.control(t, http.MethodPost, "/quotas", `{"service":"nova","instances":7}`)
	response, raw := demo.do(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "ha"}, nil)
	require.Equal(t, http.StatusForbidden, response.StatusCode, string(raw))
	require.Contains(t, string(raw), `"code":"quota"`)
	require.Contains(t, string(raw), `"field":"instances"`)
	var page struct {
		Items []task `json:"items"`
	}
	demo.get(t, "/tasks", &page)
	require.Empty(t, page.Items)
}

// TestStack_cancel_rolls_back requires that a cancelled deployment leaves nothing of the stack.
func TestStack_cancel_rolls_back(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")
	deploy := demo.begin(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"}, nil)
	time.Sleep(time.Second)
	demo.begin(t, http.MethodPost, "/tasks/"+deploy.ID+"/cancel", nil, nil)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		var now task
		demo.get(t, "/tasks/"+deploy.ID, &now)
		if now.Status == "cancelled" {
			break
		}
		require.True(t, time.Now().Before(deadline), "%+v", now)
	}
	require.Zero(t, p.count(t, "heat", "stacks", "toolbox"))
	require.Zero(t, p.count(t, "keystone", "application_credentials", "mcm-toolbox"))
}

// TestStack_delete_blocked_names_resource requires that a blocked deletion names the resource in use and
// resumes after a retry.
func TestStack_delete_blocked_names_resource(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")
	demo.work(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	var st struct {
		Outputs map[string]any `json:"outputs"`
	}
	demo.get(t, "/stack", &st)
	token := p.token(t, "demo")
	made := p.cloud(t, http.MethodPost, "/network/v2.0/ports", token, map[string]any{"port": map[string]any{"network_id": st.Outputs["network_id"], "name": "in-the-way"}})
	port, _ := made["port"].(map[string]any)

	id := demo.begin(t, http.MethodDelete, "/stack?confirm=toolbox", nil, nil).ID
	blocked := demo.end(t, id, "blocked")
	require.Equal(t, "conflict", blocked.Error.Code)
	require.Contains(t, blocked.Error.Detail, "ports have an IP allocation from this subnet")
	p.cloud(t, http.MethodDelete, "/network/v2.0/ports/"+port["id"].(string), token, nil)
	demo.begin(t, http.MethodPost, "/tasks/"+id+"/retry", nil, nil)
	demo.end(t, id, "succeeded")
	require.Zero(t, p.count(t, "heat", "stacks", "toolbox"))
	require.Zero(t, p.count(t, "neutron", "networks", "toolbox"))
}

// token authenticates at the simulated cloud.
func (p *product) token(t testing.TB, user string) string {
	t.Helper()
	body := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%[1]q,"domain":{"name":"Default"},"password":%[1]q}}},
		"scope":{"project":{"name":"demo","domain":{"name":"Default"}}}}}`, user)
	response, err := http.Post("http://"+p.sandbox+"/identity/v3/auth/tokens", "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusCreated, response.StatusCode)
	return response.Header.Get("X-Subject-Token")
}

// cloud calls an API of the simulated cloud.
func (p *product) cloud(t testing.TB, method, path, token string, body any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.sandbox+path, bytes.NewReader(raw))
	require.NoError(t, err)
	request.Header.Set("X-Auth-Token", token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Less(t, response.StatusCode, 300)
	out := map[string]any{}
	_ = json.NewDecoder(response.Body).Decode(&out) // a delete returns no body
	return out
}
