package backup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A backup each night of 100 days: what the rules of grandfather, father and son keep.
func TestRetentionOfHundredNights(t *testing.T) {
	var all []Backup
	newest := time.Date(2027, 4, 10, 1, 0, 0, 0, time.UTC)
	for i := range 100 {
		all = append(all, Backup{ID: SnapshotID(newest.AddDate(0, 0, -i).Format(time.DateOnly)), Instance: "web", CreatedAt: newest.AddDate(0, 0, -i)})
	}
	verdicts := Retention{Last: 2, Daily: 7, Weekly: 4, Monthly: 3}.Apply(all, time.UTC)
	reasons := map[string]int{}
	for _, v := range verdicts {
		reasons[v.Reason]++
	}
	require.Len(t, verdicts, 100)
	require.Equal(t, map[string]int{"last": 2, "daily": 5, "weekly": 2, "monthly": 2, "expired": 89}, reasons)
}

func TestRetentionNeverTakesTheLastGoodOne(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2027, 4, n, 1, 0, 0, 0, time.UTC) }
	verdicts := Retention{Last: 1}.Apply([]Backup{
		{ID: "a", Instance: "web", CreatedAt: day(9), VerifyStatus: VerifyFailed},
		{ID: "b", Instance: "web", CreatedAt: day(8)},
		{ID: "c", Instance: "web", CreatedAt: day(7), Held: true},
		{ID: "d", Instance: "web", CreatedAt: day(6)},
		{ID: "e", Instance: "db", CreatedAt: day(1)},
	}, time.UTC)
	got := map[string]string{}
	for _, v := range verdicts {
		got[v.Backup.ID] = v.Reason
	}
	require.Equal(t, map[string]string{"a": "last", "b": "last_good", "c": "held", "d": "expired", "e": "last"}, got)
}

func TestRetentionWithoutRulesKeepsAll(t *testing.T) {
	for _, v := range (Retention{}).Apply([]Backup{{ID: "a"}, {ID: "b"}}, time.UTC) {
		require.True(t, v.Keep)
	}
}

// Nights just after midnight in Auckland are the day before in UTC.
func TestRetentionCountsDaysOfThePlan(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	require.NoError(t, err)
	same := []Backup{
		{ID: "a", Instance: "web", CreatedAt: time.Date(2027, 6, 2, 22, 0, 0, 0, zone)},
		{ID: "b", Instance: "web", CreatedAt: time.Date(2027, 6, 2, 1, 0, 0, 0, zone)},
	}
	verdicts := Retention{Daily: 5}.Apply(same, zone)
	require.True(t, verdicts[0].Keep)
	require.False(t, verdicts[1].Keep)
	require.True(t, Retention{Daily: 5}.Apply(same, time.UTC)[1].Keep)
}
