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

// A plan is overdue if its last good backup is two due times old. Without the cloud, the plan is shown without that.
func TestBackupPlan_overdue(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		age, backedUp time.Duration
		run           operation.Status
		away          error
		overdue       bool
	}{
		"backup of today":   {age: 30 * day},
		"old backup":        {age: 30 * day, backedUp: 3 * day, run: operation.Failed, overdue: true},
		"run in progress":   {age: 30 * day, backedUp: 3 * day, run: operation.Running},
		"cloud unavailable": {age: 30 * day, backedUp: 3 * day, run: operation.Failed, away: fault.New(fault.Unavailable, nil, "glance does not respond")},
		"new plan":          {backedUp: 3 * day, run: operation.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestServer(t)
			h.plans.age, h.backups.age, h.backups.err = c.age, c.backedUp, c.away
			h.tasks.run = c.run
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
				require.Equal(t, c.overdue, p.OverdueSince != nil)
				require.Equal(t, 2, p.MissedRuns, "as counted by the last plan check")
				if c.overdue {
					require.Equal(t, enrolledID, p.OverdueInstances[0].Instance)
					require.True(t, p.OverdueSince.Before(time.Now()))
				}
			}
		})
	}
}
