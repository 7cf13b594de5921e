package backup_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// Backups that other backups depend on must be kept until the end of the chain expires.
func TestRetention_Apply_keepsRequiredBackups(t *testing.T) {
	start := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)
	var all []backup.Backup
	for day, parent := range []string{"", "p.0", "p.1", "", "p.3"} {
		snapshot := "p." + string(rune('0'+day))
		all = append(all, backup.Backup{ID: backup.FileBackupID("i", snapshot), Instance: "i", Snapshot: snapshot, Parent: parent,
			CreatedAt: start.AddDate(0, 0, day)})
	}
	reasons := func(last int) (out []string) {
		for _, decision := range (backup.Retention{Last: last}).Apply(all, time.UTC) {
			require.Equal(t, decision.Reason != "expired", decision.Keep)
			out = append(out, decision.Reason)
		}
		return out
	}
	require.Equal(t, []string{"last", "needed", "expired", "expired", "expired"}, reasons(1))
	require.Equal(t, []string{"last", "last", "expired", "expired", "expired"}, reasons(2))
	require.Equal(t, []string{"last", "last", "last", "needed", "needed"}, reasons(3))
	all[1].Held = true
	require.Equal(t, []string{"last", "last", "expired", "held", "needed"}, reasons(2))

	all[0].Parent = all[0].Snapshot // a cycle must not make the search endless
	require.Empty(t, backup.RequiredByChain(all, func(backup.Backup) bool { return false }))
}
