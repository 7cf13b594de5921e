package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// chains repeats the test with duplicity, whose backups form chains, and deletes everything.
func chains(t *testing.T, p *product, demo *person, web instance) {
	t.Helper()
	body := files("chains", 1, web.ID)
	body["soft"] = map[string]any{"engine": "duplicity", "excludes": []string{"image-*"}}
	made := demo.plan(t, body)
	for range 3 {
		demo.work(t, http.MethodPost, "/backup-plans/"+made.ID+"/run", nil)
	}
	list := demo.backups(t, "&plan="+made.ID) // newest first
	require.Len(t, list, 3, "what the last builds on stays")
	browses(t, demo, list[0])
	verifies(t, demo, list[1])
	var preview struct{ Items []struct{ Reason string } }
	demo.get(t, "/backup-plans/"+made.ID+"/retention", &preview)
	var reasons []string
	for _, v := range preview.Items {
		reasons = append(reasons, v.Reason)
	}
	require.Equal(t, []string{"last", "needed", "needed"}, reasons)
	done := demo.work(t, http.MethodPost, "/instances/"+web.ID+"/restore",
		map[string]any{"backup_id": list[2].ID, "confirm": "web-1", "paths": []string{"/data/orders"}, "target": "/from a chain"})
	require.Equal(t, true, done.Result["checked"])

	response, raw := demo.do(t, http.MethodDelete, "/backups/"+list[2].ID, nil, nil)
	require.Equal(t, http.StatusConflict, response.StatusCode, string(raw))
	require.Contains(t, string(raw), "later backups build on this one")
	demo.work(t, http.MethodDelete, "/backups/"+list[0].ID, nil)
	require.Len(t, demo.backups(t, "&plan="+made.ID), 2)
	response, raw = demo.do(t, http.MethodDelete, "/backup-plans/"+made.ID+"?delete_backups=true", nil, nil)
	require.Equal(t, http.StatusNoContent, response.StatusCode, string(raw))
	demo.end(t, taskOf(response.Header.Get("Location")), "succeeded")
	require.Empty(t, demo.backups(t, "&plan="+made.ID))
	require.Zero(t, p.count(t, "swift", "objects", made.ID+"/duplicity-"), "no set is left")
}
