package backup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// hourly returns an hourly plan with a catch-up window of 15 minutes. missed is Temporal's counter, ran the times of the runs.
func hourly(t *testing.T, missed int, ran ...string) backup.PlanStatus {
	t.Helper()
	p := backup.PlanStatus{Plan: backup.Plan{ID: "p", CreatedAt: parseTime(t, "2026-11-01T12:30:00Z"), CatchUp: 900,
		Schedule: backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "UTC"}}, Missed: missed}
	for _, at := range ran {
		p.Ran = append(p.Ran, parseTime(t, at))
	}
	return p
}

// Temporal counts a missed run again at each wake-up before the next run. Diff must report each missed run once.
func TestPlanStatus_Diff_countsMissedRunsOnce(t *testing.T) {
	p := hourly(t, 0, "2026-11-02T09:00:00Z")
	observed, alerts, err := p.Diff(nil, true, nil, parseTime(t, "2026-11-02T09:05:00Z"))
	require.NoError(t, err)
	require.Zero(t, alerts)
	for _, c := range []struct {
		now     string
		counter int
		overlap int
		ran     []string
		want    int
	}{
		{"2026-11-02T09:10:00Z", 0, 0, []string{"2026-11-02T09:00:00Z"}, 0},
		{"2026-11-02T13:20:00Z", 4, 0, []string{"2026-11-02T09:00:00Z"}, 4},                          // the manager was down from 9:10 to 13:20
		{"2026-11-02T13:25:00Z", 8, 0, []string{"2026-11-02T09:00:00Z"}, 0},                          // Temporal counts the same runs again
		{"2026-11-02T14:05:00Z", 12, 0, []string{"2026-11-02T09:00:00Z", "2026-11-02T14:00:00Z"}, 0}, // and again
		{"2026-11-02T16:05:00Z", 13, 0, []string{"2026-11-02T14:00:00Z", "2026-11-02T16:00:00Z"}, 1}, // the run of 15:00 was missed, the run of 16:00 was not
		{"2026-11-02T18:50:00Z", 14, 1, []string{"2026-11-02T16:00:00Z"}, 1},                         // the run of 17:00 was missed, the run of 18:00 skipped
		{"2026-11-02T18:55:00Z", 14, 1, []string{"2026-11-02T16:00:00Z"}, 0},
	} {
		p := hourly(t, c.counter, c.ran...)
		p.OverlapSkipped = c.overlap
		total := observed.Missed
		observed, alerts, err = p.Diff(&observed, false, nil, parseTime(t, c.now))
		require.NoError(t, err)
		require.Equal(t, c.want, alerts.Missed, c.now)
		require.Equal(t, total+c.want, observed.Missed, c.now)
	}
}

func TestPlanStatus_Diff_missedRuns(t *testing.T) {
	for name, c := range map[string]struct {
		plan     backup.PlanStatus
		previous *backup.PlanObservation
		first    bool
		want     int
		total    int
	}{
		"missed before the first check": {plan: hourly(t, 7), first: true, total: 7},
		"new plan":                      {plan: hourly(t, 9), want: 2, total: 2}, // 13:00 and 14:00
		"due before an edit": {previous: &backup.PlanObservation{Until: parseTime(t, "2026-11-01T12:30:00Z")}, want: 1, total: 1, plan: func() backup.PlanStatus {
			p := hourly(t, 9)
			p.ChangedAt = parseTime(t, "2026-11-01T13:30:00Z")
			return p
		}()},
		"recreated schedule": {plan: hourly(t, 0), previous: &backup.PlanObservation{Counter: 9, Missed: 5}, total: 5},
		"run delayed by jitter": {previous: &backup.PlanObservation{Until: parseTime(t, "2026-11-01T12:30:00Z")}, want: 1, total: 1, plan: func() backup.PlanStatus {
			p := hourly(t, 9, "2026-11-01T13:04:00Z")
			p.Schedule.Jitter = 300
			return p
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			observed, alerts, err := c.plan.Diff(c.previous, c.first, nil, parseTime(t, "2026-11-01T14:20:00Z"))
			require.NoError(t, err)
			require.Equal(t, c.want, alerts.Missed)
			require.Equal(t, c.total, observed.Missed)
		})
	}
}

// Counting the missed runs of a year must be fast.
func TestPlanStatus_Diff_longDowntime(t *testing.T) {
	p := hourly(t, 1_000_000)
	p.Schedule.Cron = "* * * * *"
	_, alerts, err := p.Diff(&backup.PlanObservation{Until: p.CreatedAt}, false, nil, p.CreatedAt.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, 100_000, alerts.Missed, "the search ends at a limit")
}

func TestPlanStatus_Diff_reportsOverdueAtSecondCheck(t *testing.T) {
	since := parseTime(t, "2026-11-03T02:30:00Z")
	overdue := []backup.OverdueInstance{{Instance: "a", Since: since}}
	for name, c := range map[string]struct {
		previous *backup.PlanObservation
		first    bool
		overdue  []backup.OverdueInstance
		observed backup.PlanObservation
		alerts   bool
	}{
		"not overdue":              {previous: &backup.PlanObservation{}},
		"first check":              {previous: &backup.PlanObservation{}, overdue: overdue, observed: backup.PlanObservation{OverdueSince: since}},
		"second check":             {previous: &backup.PlanObservation{OverdueSince: since}, overdue: overdue, observed: backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}, alerts: true},
		"still overdue":            {previous: &backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}, overdue: overdue, observed: backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}},
		"no longer overdue":        {previous: &backup.PlanObservation{OverdueSince: since, NotifiedUntil: true}},
		"first check of all plans": {first: true, overdue: overdue, observed: backup.PlanObservation{OverdueSince: since}},
		"new plan":                 {overdue: overdue, observed: backup.PlanObservation{OverdueSince: since}},
	} {
		t.Run(name, func(t *testing.T) {
			observed, alerts, err := backup.PlanStatus{}.Diff(c.previous, c.first, c.overdue, parseTime(t, "2026-11-03T02:31:00Z"))
			require.NoError(t, err)
			require.Equal(t, c.observed.OverdueSince, observed.OverdueSince)
			require.Equal(t, c.observed.NotifiedUntil, observed.NotifiedUntil)
			require.Equal(t, c.alerts, alerts.Overdue)
		})
	}
}
