package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/roles"
)

// What is read of a plan can be sent back as it is.
func TestAPlanGoesThereAndBack(t *testing.T) {
	h := newHouse(t)
	read := h.send(t, ask{method: http.MethodGet, path: "/api/v1/backup-plans/" + planID, as: roles.Viewer})
	require.Equal(t, http.StatusOK, read.Code)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(read.Body.Bytes(), &fields))
	for _, name := range []string{"id", "name", "instances", "method", "directories", "schedule", "catch_up_seconds", "retention", "paused", "note", "next_runs", "missed_runs", "etag"} {
		require.Contains(t, fields, name)
	}
	for method, path := range map[string]string{http.MethodPut: "/api/v1/backup-plans/" + planID, http.MethodPost: "/api/v1/backup-plans"} {
		answer := h.send(t, ask{method: method, path: path, body: read.Body.String(), as: roles.Operator, header: map[string]string{"If-Match": fields["etag"].(string)}})
		require.Less(t, answer.Code, 300, answer.Body.String())
	}
	require.Equal(t, 2, h.calendar.changed)
}
