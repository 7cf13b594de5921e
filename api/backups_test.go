package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack/identity"
)

// PUT and POST accept the body of GET.
func TestBackupPlan_round_trip(t *testing.T) {
	h := newTestServer(t)
	read := h.send(t, ask{method: http.MethodGet, path: "/api/v1/backup-plans/" + planID, as: identity.Viewer})
	require.Equal(t, http.StatusOK, read.Code)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(read.Body.Bytes(), &fields))
	for _, name := range []string{"id", "name", "instances", "method", "directories", "snapshot", "schedule", "catch_up_seconds", "retention", "paused", "note", "next_runs", "missed_runs", "etag"} {
		require.Contains(t, fields, name)
	}
	for method, path := range map[string]string{http.MethodPut: "/api/v1/backup-plans/" + planID, http.MethodPost: "/api/v1/backup-plans"} {
		response := h.send(t, ask{method: method, path: path, body: read.Body.String(), as: identity.Operator, header: map[string]string{"If-Match": fields["etag"].(string)}})
		require.Less(t, response.Code, 300, response.Body.String())
	}
	require.Equal(t, 2, h.plans.changed)
}

// A snapshot can be restored as a new server, whether its instance still exists or was deleted.
func TestRestoreInstance_new_server(t *testing.T) {
	h := newTestServer(t)
	for id, body := range map[string]string{
		enrolledID: `{"backup_id":"` + backupID + `","new_server_name":"web-1-restored"}`,
		deletedID:  `{"backup_id":"` + deletedBackupID + `","new_server_name":"old-1","flavor":"m1.tiny","networks":["demo-net"]}`,
	} {
		response := h.send(t, ask{method: http.MethodPost, path: "/api/v1/instances/" + id + "/restore", body: body, as: identity.Operator})
		require.Equal(t, http.StatusAccepted, response.Code, response.Body.String())
	}
}
