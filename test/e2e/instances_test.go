package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type instance struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Status       string `json:"status"`
	Enrolled     bool   `json:"enrolled"`
	Address      string `json:"address"`
	Distribution string `json:"distribution"`
	Task         string `json:"task"`
	Agents       []struct {
		App   string `json:"app"`
		State string `json:"state"`
	} `json:"agents"`
}

func (i instance) agent(app string) string {
	for _, a := range i.Agents {
		if a.App == app {
			return a.State
		}
	}
	return ""
}

func (w *person) instance(t *testing.T, name string) instance {
	t.Helper()
	var page struct{ Items []instance }
	w.get(t, "/instances?page_size=100", &page)
	for _, i := range page.Items {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("no instance %s", name)
	return instance{}
}

func (w *person) token(t *testing.T, body map[string]any) (id, secret string) {
	t.Helper()
	response, raw := w.do(t, http.MethodPost, "/enrollment-tokens", body, nil)
	require.Equal(t, http.StatusCreated, response.StatusCode, string(raw))
	var out struct{ ID, Token string }
	require.NoError(t, json.Unmarshal(raw, &out))
	return out.ID, out.Token
}

// script runs the enrollment script on a simulated server and returns its task.
func (p *product) script(t *testing.T, server, token string) string {
	t.Helper()
	raw := p.control(t, http.MethodPost, "/enroll", fmt.Sprintf(`{"server":%q,"url":"http://%s","token":%q}`, server, p.listen, token))
	var out struct {
		Response struct {
			TaskURL string `json:"task_url"`
		} `json:"response"`
	}
	require.NoError(t, json.Unmarshal(raw, &out))
	return strings.TrimPrefix(out.Response.TaskURL, "/api/v1/tasks/")
}

// refused sends a token to the manager as an instance would, and returns the error.
func (w *person) refused(t *testing.T, path, token, server string) (int, string) {
	t.Helper()
	nobody := &person{product: w.product}
	body := map[string]any{"token": token, "server_id": server}
	if path == "/enroll" {
		body["host_keys"], body["facts"] = []string{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3RqvTknOPKPBfvql4RahD6te4B8tUIJ6X2lNT88Pkm"}, map[string]any{}
	}
	response, raw := nobody.do(t, http.MethodPost, path, body, nil)
	var said struct{ Detail string }
	_ = json.Unmarshal(raw, &said)
	return response.StatusCode, said.Detail
}

// TestInstances enrolls an instance, installs agents on it and on several others in one task, and unenrolls it.
func TestInstances(t *testing.T) {
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=20"}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	demo := p.signIn(t, "demo")
	require.True(t, demo.instance(t, "web-1").Enrolled, "two are enrolled from the start")
	require.False(t, demo.instance(t, "web-2").Enrolled)
	demo.work(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	demo.work(t, http.MethodPost, "/apps/ntp/launch", map[string]any{})

	id, secret := demo.token(t, map[string]any{"label": "web servers", "agents": []string{"ntp"}})
	demo.end(t, p.script(t, "web-2", secret), "succeeded")
	web := demo.instance(t, "web-2")
	require.True(t, web.Enrolled)
	require.Equal(t, "installed", web.agent("ntp"))
	require.Equal(t, "debian 13", web.Distribution)
	code, said := demo.refused(t, "/enroll", secret, demo.instance(t, "mail-1").ID)
	require.Equal(t, http.StatusForbidden, code)
	require.Equal(t, "the token was used already: make a new one", said)
	tokensAreListedWithoutSecrets(t, demo, id, secret)

	db, first := demo.instance(t, "db-1"), demo.instance(t, "web-1")
	batch := map[string]any{"instances": []string{first.ID, db.ID}, "apps": []string{"ntp"}, "action": "install"}
	done := demo.work(t, http.MethodPost, "/agents:batch", batch)
	require.Len(t, done.Result["hosts"], 2)
	require.Eventually(t, func() bool { return demo.lists(t, "/tasks?operation=agent.install", done.ID) }, 5*time.Second, 100*time.Millisecond)
	require.Equal(t, "installed", demo.instance(t, "db-1").agent("ntp"))
	retriesWhatFailed(t, p, demo, first, db)
	demo.work(t, http.MethodDelete, "/instances/"+db.ID+"/agents/ntp", nil)
	require.Equal(t, "absent", demo.instance(t, "db-1").agent("ntp"))

	demo.work(t, http.MethodDelete, "/instances/"+web.ID, nil)
	require.False(t, demo.instance(t, "web-2").Enrolled)
	response, raw := demo.do(t, http.MethodPut, "/instances/"+web.ID+"/agents/ntp", nil, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode, string(raw))
	guessing(t, demo, web.ID)
	demo.work(t, http.MethodDelete, "/stack?confirm=toolbox", nil)
	require.Zero(t, p.count(t, "neutron", "ports", "mcm-instances"), "what was attached for instances is gone with the stack")
}

// retriesWhatFailed deletes one of two servers of a batch. The batch must partially fail, and its retry must
// run on that instance only.
func retriesWhatFailed(t *testing.T, p *product, demo *person, deleted, other instance) {
	t.Helper()
	token := p.token(t, "demo")
	action := "/compute/v2.1/servers/" + deleted.ID + "/action"
	p.cloud(t, http.MethodPost, action, token, map[string]any{"os-stop": nil})
	batch := map[string]any{"instances": []string{deleted.ID, other.ID}, "apps": []string{"ntp"}, "action": "check"}
	id := demo.begin(t, http.MethodPost, "/agents:batch", batch, nil).ID
	demo.end(t, id, "partially_failed")
	p.cloud(t, http.MethodPost, action, token, map[string]any{"os-start": nil})
	var again task
	require.Eventually(t, func() bool { // the server is booting
		again = demo.begin(t, http.MethodPost, "/tasks/"+id+"/retry", nil, nil)
		var now task
		for now.Status == "" || now.Status == "running" || now.Status == "queued" {
			time.Sleep(100 * time.Millisecond)
			demo.get(t, "/tasks/"+again.ID, &now)
		}
		again = now
		return now.Status == "succeeded"
	}, time.Minute, 200*time.Millisecond, "%+v", again)
	require.Len(t, again.Result["hosts"], 1)
	require.Contains(t, again.Result["hosts"], deleted.ID)
}

func tokensAreListedWithoutSecrets(t *testing.T, demo *person, id, secret string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, raw := demo.do(t, http.MethodGet, "/enrollment-tokens", nil, nil)
		require.NotContains(t, string(raw), secret)
		return strings.Contains(string(raw), `"status":"used"`)
	}, 5*time.Second, 50*time.Millisecond)
	_, other := demo.token(t, map[string]any{"label": "to be revoked"})
	var list struct{ Items []struct{ ID, Label string } }
	require.Eventually(t, func() bool {
		demo.get(t, "/enrollment-tokens", &list)
		return len(list.Items) == 2
	}, 5*time.Second, 50*time.Millisecond)
	for _, token := range list.Items {
		if token.ID == id {
			continue
		}
		response, _ := demo.do(t, http.MethodDelete, "/enrollment-tokens/"+token.ID, nil, nil)
		require.Equal(t, http.StatusNoContent, response.StatusCode)
	}
	code, said := demo.refused(t, "/enroll", other, "00000000-0000-4000-8000-000000000000")
	require.Equal(t, http.StatusForbidden, code)
	require.Equal(t, "the token was revoked", said)
	_, raw := demo.do(t, http.MethodGet, "/audit?page_size=500", nil, nil)
	for _, operation := range []string{"token.create", "token.revoke", "instance.enroll"} {
		require.Contains(t, string(raw), `"operation":"`+operation+`"`)
	}
	require.NotContains(t, string(raw), secret)
}

// guessing requires that tokens cannot be tried one after the other.
func guessing(t *testing.T, demo *person, server string) {
	t.Helper()
	limited := 0
	for n := range 200 {
		code, _ := demo.refused(t, []string{"/enroll", "/enroll/status"}[n%2], fmt.Sprintf("mcm_enr_aaaaaaaaaaaa_%026d", n), server)
		if code == http.StatusTooManyRequests {
			limited++
		} else {
			require.Equal(t, http.StatusForbidden, code)
		}
	}
	require.Greater(t, limited, 180)
}
