package backup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The rules are applied to one backup per night for 100 days.
func TestRetention_Apply_gfsRules(t *testing.T) {
	var all []Backup
	newest := time.Date(2027, 4, 10, 1, 0, 0, 0, time.UTC)
	for i := range 100 {
		all = append(all, Backup{ID: SnapshotID(newest.AddDate(0, 0, -i).Format(time.DateOnly)), Instance: "web", CreatedAt: newest.AddDate(0, 0, -i)})
	}
	decisions := Retention{Last: 2, Daily: 7, Weekly: 4, Monthly: 3}.Apply(all, time.UTC)
	reasons := map[string]int{}
	for _, d := range decisions {
		reasons[d.Reason]++
	}
	require.Len(t, decisions, 100)
	require.Equal(t, map[string]int{"last": 2, "daily": 5, "weekly": 2, "monthly": 2, "expired": 89}, reasons)
}

func TestRetention_Apply_keepsLastGoodBackup(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2027, 4, n, 1, 0, 0, 0, time.UTC) }
	decisions := Retention{Last: 1}.Apply([]Backup{
		{ID: "a", Instance: "web", CreatedAt: day(9), VerifyStatus: VerifyFailed},
		{ID: "b", Instance: "web", CreatedAt: day(8)},
		{ID: "c", Instance: "web", CreatedAt: day(7), Held: true},
		{ID: "d", Instance: "web", CreatedAt: day(6)},
		{ID: "e", Instance: "db", CreatedAt: day(1)},
	}, time.UTC)
	got := map[string]string{}
	for _, d := range decisions {
		got[d.Backup.ID] = d.Reason
	}
	require.Equal(t, map[string]string{"a": "last", "b": "last_good", "c": "held", "d": "expired", "e": "last"}, got)
}

func TestRetention_Apply_withoutRulesKeepsAll(t *testing.T) {
	for _, d := range (Retention{}).Apply([]Backup{{ID: "a"}, {ID: "b"}}, time.UTC) {
		require.True(t, d.Keep)
	}
}

// Both backups are on the same day in Auckland, but on different days in UTC.
func TestRetention_Apply_usesDaysOfTimeZone(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	require.NoError(t, err)
	sameDay := []Backup{
		{ID: "a", Instance: "web", CreatedAt: time.Date(2027, 6, 2, 22, 0, 0, 0, zone)},
		{ID: "b", Instance: "web", CreatedAt: time.Date(2027, 6, 2, 1, 0, 0, 0, zone)},
	}
	decisions := Retention{Daily: 5}.Apply(sameDay, zone)
	require.True(t, decisions[0].Keep)
	require.False(t, decisions[1].Keep)
	require.True(t, Retention{Daily: 5}.Apply(sameDay, time.UTC)[1].Keep)
}
