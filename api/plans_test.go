package api

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
)

// A plan whose last good backup is two due times old says so; without the cloud it is shown all the same.
func TestAPlanSaysWhetherItIsStale(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		made, backedUp time.Duration
		run            operation.Status
		away           error
		stale          bool
	}{
		"a backup of today": {made: 30 * day},
		"a backup of old":   {made: 30 * day, backedUp: 3 * day, run: operation.Failed, stale: true},
		"a run is going on": {made: 30 * day, backedUp: 3 * day, run: operation.Running},
		"the cloud is away": {made: 30 * day, backedUp: 3 * day, run: operation.Failed, away: fault.New(fault.Unavailable, nil, "glance does not answer")},
		"the plan is new":   {backedUp: 3 * day, run: operation.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestServer(t)
			h.calendar.age, h.vault.age, h.vault.err = c.made, c.backedUp, c.away
			h.work.run = c.run
			for _, path := range []string{"/api/v1/backup-plans", "/api/v1/backup-plans/" + planID} {
				w := h.send(t, ask{method: http.MethodGet, path: path, as: identity.Viewer})
				require.Equal(t, http.StatusOK, w.Code, w.Body.String())
				var page struct{ Items []BackupPlan }
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
				if len(page.Items) == 0 {
					page.Items = make([]BackupPlan, 1)
					require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page.Items[0]))
				}
				p := page.Items[0]
				require.Equal(t, c.stale, p.OverdueSince != nil)
				require.Equal(t, 2, p.MissedRuns, "as the last round has counted")
				if c.stale {
					require.Equal(t, enrolledID, p.OverdueInstances[0].Instance)
					require.True(t, p.OverdueSince.Before(time.Now()))
				}
			}
		})
	}
}
