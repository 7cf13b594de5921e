package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestJourney follows the user guide and validates every response against the contract.
func TestJourney(t *testing.T) {
	t.Parallel()
	p := start(t)
	demo := p.signIn(t, "demo")

	var st struct {
		State string `json:"state"`
		Name  string `json:"name"`
	}
	demo.get(t, "/stack", &st)
	require.Equal(t, "absent", st.State)
	response, raw := demo.do(t, http.MethodPost, "/apps/ntp/launch", map[string]any{}, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode, string(raw))

	deploy := map[string]any{"name": "toolbox", "preset": "small"}
	key := map[string]string{"Idempotency-Key": "deploy-1"}
	first := demo.begin(t, http.MethodPost, "/stack", deploy, key)
	require.Equal(t, first.ID, demo.begin(t, http.MethodPost, "/stack", deploy, key).ID, "the same key is the same task")
	response, raw = demo.do(t, http.MethodPost, "/stack", map[string]any{"name": "other", "preset": "small"}, key)
	require.Equal(t, http.StatusConflict, response.StatusCode, string(raw))
	response, raw = demo.do(t, http.MethodPost, "/stack", deploy, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode)
	require.Contains(t, string(raw), first.ID, "the conflict names the task in the way")
	demo.end(t, first.ID, "succeeded")
	require.Equal(t, first.ID, demo.begin(t, http.MethodPost, "/stack", deploy, key).ID, "also when it has ended")
	demo.get(t, "/stack", &st)
	require.Equal(t, "ready", st.State)

	t.Run("topology and events", func(t *testing.T) { reads(t, demo) })
	t.Run("apps", func(t *testing.T) { apps(t, demo) })
	t.Run("tasks", func(t *testing.T) { tasks(t, demo) })
	t.Run("audit", func(t *testing.T) { audits(t, demo) })

	response, _ = demo.do(t, http.MethodDelete, "/stack?confirm=wrong", nil, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	demo.work(t, http.MethodDelete, "/stack?confirm=toolbox", nil)
	require.Zero(t, p.count(t, "heat", "stacks", "toolbox"))
	require.Zero(t, p.count(t, "nova", "servers", "toolbox"))
	require.Zero(t, p.count(t, "neutron", "networks", "toolbox"))
}

func reads(t *testing.T, demo *person) {
	var topology struct {
		Nodes []struct{ ID, State string } `json:"nodes"`
		Edges []struct{ From, To string }  `json:"edges"`
	}
	demo.get(t, "/stack/topology", &topology)
	require.Greater(t, len(topology.Nodes), 8)
	require.NotEmpty(t, topology.Edges)
	var events struct {
		Items []struct{ State string } `json:"items"`
	}
	demo.get(t, "/stack/events", &events)
	require.NotEmpty(t, events.Items)
	var options map[string]any
	demo.get(t, "/stack/options", &options)
	require.NotEmpty(t, options["flavors"])
	var session map[string]any
	demo.get(t, "/session", &session)
	require.Equal(t, "operator", session["role"])
}

func apps(t *testing.T, demo *person) {
	launched := demo.work(t, http.MethodPost, "/apps/zabbix/launch", map[string]any{"volume_size_gb": 3})
	require.NotEmpty(t, launched.Result["volume"])
	var app struct {
		Health   string `json:"health"`
		ETag     string `json:"etag"`
		Revision int    `json:"revision"`
		Volume   *struct {
			ID         string `json:"id"`
			SizeGB     int    `json:"size_gb"`
			AttachedTo string `json:"attached_to"`
		} `json:"volume"`
		Settings struct {
			Environment map[string]any `json:"environment"`
			Parameters  map[string]any `json:"parameters"`
		} `json:"settings"`
	}
	demo.get(t, "/apps/zabbix", &app)
	require.Equal(t, "Healthy", app.Health)
	require.Equal(t, 3, app.Volume.SizeGB)
	require.NotEmpty(t, app.Volume.AttachedTo)

	app.Settings.Environment["VAULT_TOKEN"] = "s3cret-token"
	settings := map[string]any{"environment": app.Settings.Environment, "parameters": app.Settings.Parameters}
	stale := map[string]string{"If-Match": `"stale"`}
	response, _ := demo.do(t, http.MethodPut, "/apps/zabbix/settings", settings, stale)
	require.Equal(t, http.StatusPreconditionFailed, response.StatusCode)
	set := demo.begin(t, http.MethodPut, "/apps/zabbix/settings", settings, map[string]string{"If-Match": `"` + app.ETag + `"`})
	demo.end(t, set.ID, "succeeded")
	_, raw := demo.do(t, http.MethodGet, "/apps/zabbix", nil, nil)
	require.NotContains(t, string(raw), "s3cret-token", "a secret is never read back")
	require.Contains(t, string(raw), `"VAULT_TOKEN":"********"`)
	app.Settings.Parameters["pollers"] = "many"
	response, raw = demo.do(t, http.MethodPut, "/apps/zabbix/settings", settings, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	require.Contains(t, string(raw), "parameters.pollers")

	demo.work(t, http.MethodPost, "/apps/zabbix/stop", nil)
	demo.get(t, "/apps/zabbix", &app)
	require.Equal(t, "Suspended", app.Health)
	volume := app.Volume.ID
	demo.work(t, http.MethodPost, "/apps/zabbix/launch", nil)
	demo.work(t, http.MethodPost, "/apps/zabbix/uninstall", nil)
	require.Equal(t, 1, demo.count(t, "cinder", "volumes", volume), "uninstall keeps the data")
	again := demo.work(t, http.MethodPost, "/apps/zabbix/launch", map[string]any{})
	require.Equal(t, volume, again.Result["volume"], "a later launch takes the kept volume")
	response, _ = demo.do(t, http.MethodPost, "/apps/zabbix/uninstall", map[string]any{"delete_volume": true, "confirm": "no"}, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode)
	demo.work(t, http.MethodPost, "/apps/zabbix/uninstall", map[string]any{"delete_volume": true, "confirm": "zabbix"})
	require.Zero(t, demo.count(t, "cinder", "volumes", "mcm:app"))
}

func tasks(t *testing.T, demo *person) {
	seen := map[string]bool{}
	for token := ""; ; {
		var page struct {
			Items []task `json:"items"`
			Next  string `json:"next_page_token"`
		}
		demo.get(t, "/tasks?page_size=2&page_token="+token, &page)
		require.LessOrEqual(t, len(page.Items), 2)
		for _, item := range page.Items {
			require.False(t, seen[item.ID], "no task is on two pages")
			seen[item.ID] = true
		}
		if token = page.Next; token == "" {
			break
		}
	}
	require.Len(t, seen, 8)
	var page struct {
		Items []task `json:"items"`
	}
	for query, want := range map[string]int{"operation=app.launch": 3, "target=app:zabbix": 7, "target=zabbix": 7, "actor=demo": 8, "status=succeeded": 8, "status=failed": 0, "actor=nobody": 0} {
		demo.get(t, "/tasks?"+query, &page)
		require.Len(t, page.Items, want, query)
	}
	response, raw := demo.do(t, http.MethodGet, "/tasks?page_token=forged", nil, nil)
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, string(raw))
	response, _ = demo.do(t, http.MethodGet, "/tasks/app:zabbix~00000000-0000-0000-0000-000000000000", nil, nil)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	demo.get(t, "/tasks?operation=app.stop", &page)
	_, raw = demo.do(t, http.MethodGet, "/tasks/"+page.Items[0].ID, nil, map[string]string{"Accept-Language": "fr"})
	require.Contains(t, string(raw), "Arrêter")
	_, raw = demo.do(t, http.MethodGet, "/tasks/"+page.Items[0].ID+"/log", nil, nil)
	require.Contains(t, string(raw), "StopApp")
	response, _ = demo.do(t, http.MethodPost, "/tasks/"+page.Items[0].ID+"/cancel", nil, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode)
}

func audits(t *testing.T, demo *person) {
	var page struct {
		Items []struct {
			Operation, Outcome string
			SourceIP           string `json:"source_ip"`
			Changes            []struct{ Field, Old, New string }
		} `json:"items"`
	}
	demo.get(t, "/audit?operation=app.configure", &page)
	require.Len(t, page.Items, 2, "start and end")
	require.Equal(t, "succeeded", page.Items[0].Outcome)
	require.Equal(t, "127.0.0.1", page.Items[0].SourceIP)
	require.Equal(t, "environment.VAULT_TOKEN", page.Items[1].Changes[0].Field)
	require.Equal(t, "********", page.Items[1].Changes[0].New)
	for _, format := range []string{"xlsx", "csv", "jsonl"} {
		response, raw := demo.do(t, http.MethodGet, "/audit/export?format="+format, nil, nil)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Contains(t, response.Header.Get("Content-Disposition"), "."+format)
		require.NotEmpty(t, raw)
		require.NotContains(t, string(raw), "s3cret-token")
		if format == "jsonl" {
			for line := range strings.Lines(string(raw)) {
				require.True(t, json.Valid([]byte(line)), line)
			}
		}
	}
	demo.get(t, "/audit?operation=audit.export", &page)
	require.Len(t, page.Items, 3, "an export is audited itself")
}
