package product_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever process dies in the middle of a deployment and of a launch, it goes on and ends well, and
// there is one stack, one volume, one release.
func TestWorkGoesOnAfterAKill(t *testing.T) {
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

// A quota that is met while Heat works blocks the task with the cloud's own words; Retry goes on.
func TestABlockedTaskGoesOnAfterRetry(t *testing.T) {
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

// A deployment that cannot fit is refused with a table, and nothing is started.
func TestAStackThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")
	p.control(t, http.MethodPost, "/quotas", `{"service":"nova","instances":7}`)
	answer, raw := demo.do(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "ha"}, nil)
	require.Equal(t, http.StatusForbidden, answer.StatusCode, string(raw))
	require.Contains(t, string(raw), `"code":"quota"`)
	require.Contains(t, string(raw), `"field":"instances"`)
	var page struct {
		Items []task `json:"items"`
	}
	demo.get(t, "/tasks", &page)
	require.Empty(t, page.Items)
}

// A cancelled deployment leaves nothing of the stack.
func TestCancelUndoes(t *testing.T) {
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
