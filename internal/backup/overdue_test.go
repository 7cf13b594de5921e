package backup_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

func when(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

// daily is a plan of two instances at 02:30 in UTC, made on the first of November.
func daily(t *testing.T) backup.PlanStatus {
	t.Helper()
	return backup.PlanStatus{Plan: backup.Plan{ID: "p", Instances: []string{"a", "b"}, CreatedAt: when(t, "2026-11-01T12:00:00Z"),
		Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "UTC"}}}
}

func TestAnInstanceIsOverdueAfterTwoDueTimes(t *testing.T) {
	for name, c := range map[string]struct {
		alter   func(p *backup.PlanStatus)
		made    map[string]string // instance -> newest good backup
		running bool
		now     string
		want    map[string]string // instance -> since
	}{
		"a plan that was just made":          {now: "2026-11-01T12:05:00Z"},
		"one time without a backup":          {now: "2026-11-02T23:00:00Z"},
		"the second time has just come":      {now: "2026-11-03T02:30:30Z"},
		"two times without a backup":         {now: "2026-11-03T02:31:00Z", want: map[string]string{"a": "2026-11-03T02:30:00Z", "b": "2026-11-03T02:30:00Z"}},
		"a run is going on":                  {now: "2026-11-03T02:31:00Z", running: true},
		"it is paused":                       {now: "2026-11-09T12:00:00Z", alter: func(p *backup.PlanStatus) { p.Paused = true }},
		"it was resumed since":               {now: "2026-11-09T12:00:00Z", alter: func(p *backup.PlanStatus) { p.ChangedAt = when(t, "2026-11-08T12:00:00Z") }},
		"it was resumed, and two times came": {now: "2026-11-10T03:00:00Z", alter: func(p *backup.PlanStatus) { p.ChangedAt = when(t, "2026-11-08T12:00:00Z") }, want: map[string]string{"a": "2026-11-10T02:30:00Z", "b": "2026-11-10T02:30:00Z"}},
		"jitter may still bring it":          {now: "2026-11-03T03:20:00Z", alter: func(p *backup.PlanStatus) { p.Schedule.Jitter = 3600 }},
		"not even jitter":                    {now: "2026-11-03T03:31:00Z", alter: func(p *backup.PlanStatus) { p.Schedule.Jitter = 3600 }, want: map[string]string{"a": "2026-11-03T02:30:00Z", "b": "2026-11-03T02:30:00Z"}},
		"all have one":                       {now: "2026-11-09T12:00:00Z", made: map[string]string{"a": "2026-11-09T02:31:00Z", "b": "2026-11-08T02:31:00Z"}},
		"one has none":                       {now: "2026-11-09T12:00:00Z", made: map[string]string{"a": "2026-11-09T02:31:00Z"}, want: map[string]string{"b": "2026-11-03T02:30:00Z"}},
		"one is old":                         {now: "2026-11-09T12:00:00Z", made: map[string]string{"a": "2026-11-07T02:31:00Z", "b": "2026-11-09T02:31:00Z"}, want: map[string]string{"a": "2026-11-09T02:30:00Z"}},
		"the clock was put back":             {now: "2026-10-01T12:00:00Z"},
		"no instances":                       {now: "2026-11-09T12:00:00Z", alter: func(p *backup.PlanStatus) { p.Instances = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			p := daily(t)
			if c.alter != nil {
				c.alter(&p)
			}
			var all []backup.Backup
			for id, at := range c.made {
				all = append(all, backup.Backup{Plan: "p", Instance: id, CreatedAt: when(t, at)})
			}
			got, err := p.Overdue(backup.LastGoodOf(all), c.running, when(t, c.now))
			require.NoError(t, err)
			var since map[string]string
			for _, o := range got {
				if since == nil {
					since = map[string]string{}
				}
				since[o.Instance] = o.Since.Format(time.RFC3339)
				require.Equal(t, c.made[o.Instance] == "", o.LastGood == nil)
			}
			require.Equal(t, c.want, since)
		})
	}
}

// A run that takes longer than the time between two is no reason to call the plan stale.
func TestARunThatTakesLongerThanItsInterval(t *testing.T) {
	p := daily(t)
	p.Instances, p.Schedule = []string{"a"}, backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "UTC"}
	made := backup.LastGoodOf([]backup.Backup{{Plan: "p", Instance: "a", CreatedAt: when(t, "2026-11-02T11:30:00Z")}})
	got, err := p.Overdue(made, false, when(t, "2026-11-02T12:59:00Z"))
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = p.Overdue(made, true, when(t, "2026-11-02T13:29:00Z"))
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = p.Overdue(made, false, when(t, "2026-11-02T13:29:00Z"))
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestWhatIsNoGoodBackup(t *testing.T) {
	at := when(t, "2026-11-02T02:31:00Z")
	require.Equal(t, backup.LastGoodBackups{"p": {"a": at}}, backup.LastGoodOf([]backup.Backup{
		{Plan: "p", Instance: "a", CreatedAt: at}, {Plan: "p", Instance: "a", CreatedAt: at.Add(-time.Hour)},
		{Plan: "p", Instance: "a", CreatedAt: at.Add(time.Hour), VerifyStatus: backup.VerifyFailed},
		{Plan: "p", Instance: "b", CreatedAt: at, PreRestore: true},
	}))
}
