package backup_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// hourly is a plan that is due each hour, and may be late by a quarter of one.
func hourly(t *testing.T, counter int, ran ...string) backup.PlanStatus {
	t.Helper()
	p := backup.PlanStatus{Plan: backup.Plan{ID: "p", CreatedAt: when(t, "2026-11-01T12:30:00Z"), CatchUp: 900,
		Schedule: backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "UTC"}}, Missed: counter}
	for _, at := range ran {
		p.Ran = append(p.Ran, when(t, at))
	}
	return p
}

// Temporal counts a missed run again at each wake-up before the next run; people are told of each once.
func TestMissedRunsAreCountedOnce(t *testing.T) {
	p := hourly(t, 0, "2026-11-02T09:00:00Z")
	seen, news, err := p.Diff(nil, true, nil, when(t, "2026-11-02T09:05:00Z"))
	require.NoError(t, err)
	require.Zero(t, news)
	for _, c := range []struct {
		now     string
		counter int
		overlap int
		ran     []string
		want    int
	}{
		{"2026-11-02T09:10:00Z", 0, 0, []string{"2026-11-02T09:00:00Z"}, 0},
		{"2026-11-02T13:20:00Z", 4, 0, []string{"2026-11-02T09:00:00Z"}, 4},                          // down from 9:10 to 13:20
		{"2026-11-02T13:25:00Z", 8, 0, []string{"2026-11-02T09:00:00Z"}, 0},                          // counted again
		{"2026-11-02T14:05:00Z", 12, 0, []string{"2026-11-02T09:00:00Z", "2026-11-02T14:00:00Z"}, 0}, // and again
		{"2026-11-02T16:05:00Z", 13, 0, []string{"2026-11-02T14:00:00Z", "2026-11-02T16:00:00Z"}, 1}, // 15:00 was too late, 16:00 was not
		{"2026-11-02T18:50:00Z", 14, 1, []string{"2026-11-02T16:00:00Z"}, 1},                         // 17:00 was missed, 18:00 left out
		{"2026-11-02T18:55:00Z", 14, 1, []string{"2026-11-02T16:00:00Z"}, 0},
	} {
		p := hourly(t, c.counter, c.ran...)
		p.OverlapSkipped = c.overlap
		total := seen.Missed
		seen, news, err = p.Diff(&seen, false, nil, when(t, c.now))
		require.NoError(t, err)
		require.Equal(t, c.want, news.Missed, c.now)
		require.Equal(t, total+c.want, seen.Missed, c.now)
	}
}

func TestWhichRunsAreNotMissed(t *testing.T) {
	for name, c := range map[string]struct {
		plan   backup.PlanStatus
		before *backup.PlanObservation
		first  bool
		want   int
		total  int
	}{
		"what was missed before anybody looked": {plan: hourly(t, 7), first: true, total: 7},
		"of a new plan":                         {plan: hourly(t, 9), want: 2, total: 2}, // 13:00 and 14:00
		"what was due before an edit": {before: &backup.PlanObservation{Until: when(t, "2026-11-01T12:30:00Z")}, want: 1, total: 1, plan: func() backup.PlanStatus {
			p := hourly(t, 9)
			p.ChangedAt = when(t, "2026-11-01T13:30:00Z")
			return p
		}()},
		"the schedule was made anew": {plan: hourly(t, 0), before: &backup.PlanObservation{Counter: 9, Missed: 5}, total: 5},
		"a run that jitter has moved": {before: &backup.PlanObservation{Until: when(t, "2026-11-01T12:30:00Z")}, want: 1, total: 1, plan: func() backup.PlanStatus {
			p := hourly(t, 9, "2026-11-01T13:04:00Z")
			p.Schedule.Jitter = 300
			return p
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			seen, news, err := c.plan.Diff(c.before, c.first, nil, when(t, "2026-11-01T14:20:00Z"))
			require.NoError(t, err)
			require.Equal(t, c.want, news.Missed)
			require.Equal(t, c.total, seen.Missed)
		})
	}
}

// A year without the manager is counted in no time.
func TestAVeryLongRest(t *testing.T) {
	p := hourly(t, 1_000_000)
	p.Schedule.Cron = "* * * * *"
	began := time.Now()
	_, news, err := p.Diff(&backup.PlanObservation{Until: p.CreatedAt}, false, nil, p.CreatedAt.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, 100_000, news.Missed)
	require.Less(t, time.Since(began), 20*time.Second)
}

func TestAPlanIsCalledStaleAtTheSecondLook(t *testing.T) {
	since := when(t, "2026-11-03T02:30:00Z")
	overdue := []backup.OverdueInstance{{Instance: "a", Since: since}}
	for name, c := range map[string]struct {
		before  *backup.PlanObservation
		first   bool
		overdue []backup.OverdueInstance
		seen    backup.PlanObservation
		news    bool
	}{
		"nothing":               {before: &backup.PlanObservation{}},
		"the first look":        {before: &backup.PlanObservation{}, overdue: overdue, seen: backup.PlanObservation{OverdueSince: since}},
		"the second look":       {before: &backup.PlanObservation{OverdueSince: since}, overdue: overdue, seen: backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}, news: true},
		"still stale":           {before: &backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}, overdue: overdue, seen: backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}},
		"no longer stale":       {before: &backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}},
		"the first look of all": {first: true, overdue: overdue, seen: backup.PlanObservation{OverdueSince: since}},
		"a plan that is new":    {overdue: overdue, seen: backup.PlanObservation{OverdueSince: since}},
	} {
		t.Run(name, func(t *testing.T) {
			seen, news, err := backup.PlanStatus{}.Diff(c.before, c.first, c.overdue, when(t, "2026-11-03T02:31:00Z"))
			require.NoError(t, err)
			require.Equal(t, c.seen.OverdueSince, seen.OverdueSince)
			require.Equal(t, c.seen.NotifiedUntil, seen.NotifiedUntil)
			require.Equal(t, c.news, news.Overdue)
		})
	}
}
