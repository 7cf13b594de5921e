package backup_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

// daily returns a plan of two instances with a daily run at 02:30 UTC, created on 2026-11-01.
func daily(t *testing.T) backup.PlanStatus {
	t.Helper()
	return backup.PlanStatus{Plan: backup.Plan{ID: "p", Instances: []string{"a", "b"}, CreatedAt: parseTime(t, "2026-11-01T12:00:00Z"),
		Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "UTC"}}}
}

func TestPlanStatus_Overdue(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(p *backup.PlanStatus)
		backups map[string]string // newest good backup by instance
		running bool
		now     string
		want    map[string]string // overdue since, by instance
	}{
		"new plan":                       {now: "2026-11-01T12:05:00Z"},
		"one due time without a backup":  {now: "2026-11-02T23:00:00Z"},
		"second due time just reached":   {now: "2026-11-03T02:30:30Z"},
		"two due times without a backup": {now: "2026-11-03T02:31:00Z", want: map[string]string{"a": "2026-11-03T02:30:00Z", "b": "2026-11-03T02:30:00Z"}},
		"run in progress":                {now: "2026-11-03T02:31:00Z", running: true},
		"paused":                         {now: "2026-11-09T12:00:00Z", change: func(p *backup.PlanStatus) { p.Paused = true }},
		"resumed":                        {now: "2026-11-09T12:00:00Z", change: func(p *backup.PlanStatus) { p.ChangedAt = parseTime(t, "2026-11-08T12:00:00Z") }},
		"resumed, then two due times":    {now: "2026-11-10T03:00:00Z", change: func(p *backup.PlanStatus) { p.ChangedAt = parseTime(t, "2026-11-08T12:00:00Z") }, want: map[string]string{"a": "2026-11-10T02:30:00Z", "b": "2026-11-10T02:30:00Z"}},
		"within the jitter":              {now: "2026-11-03T03:20:00Z", change: func(p *backup.PlanStatus) { p.Schedule.Jitter = 3600 }},
		"after the jitter":               {now: "2026-11-03T03:31:00Z", change: func(p *backup.PlanStatus) { p.Schedule.Jitter = 3600 }, want: map[string]string{"a": "2026-11-03T02:30:00Z", "b": "2026-11-03T02:30:00Z"}},
		"all instances have a backup":    {now: "2026-11-09T12:00:00Z", backups: map[string]string{"a": "2026-11-09T02:31:00Z", "b": "2026-11-08T02:31:00Z"}},
		"one instance has no backup":     {now: "2026-11-09T12:00:00Z", backups: map[string]string{"a": "2026-11-09T02:31:00Z"}, want: map[string]string{"b": "2026-11-03T02:30:00Z"}},
		"one backup is old":              {now: "2026-11-09T12:00:00Z", backups: map[string]string{"a": "2026-11-07T02:31:00Z", "b": "2026-11-09T02:31:00Z"}, want: map[string]string{"a": "2026-11-09T02:30:00Z"}},
		"clock set back":                 {now: "2026-10-01T12:00:00Z"},
		"no instances":                   {now: "2026-11-09T12:00:00Z", change: func(p *backup.PlanStatus) { p.Instances = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			p := daily(t)
			if c.change != nil {
				c.change(&p)
			}
			var all []backup.Backup
			for id, at := range c.backups {
				all = append(all, backup.Backup{Plan: "p", Instance: id, CreatedAt: parseTime(t, at)})
			}
			got, err := p.Overdue(backup.LastGoodOf(all), c.running, parseTime(t, c.now))
			require.NoError(t, err)
			var since map[string]string
			for _, o := range got {
				if since == nil {
					since = map[string]string{}
				}
				since[o.Instance] = o.Since.Format(time.RFC3339)
				require.Equal(t, c.backups[o.Instance] == "", o.LastGood == nil)
			}
			require.Equal(t, c.want, since)
		})
	}
}

// A run that takes longer than the interval of the schedule does not make the plan overdue.
func TestPlanStatus_Overdue_longRun(t *testing.T) {
	p := daily(t)
	p.Instances, p.Schedule = []string{"a"}, backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "UTC"}
	lastGood := backup.LastGoodOf([]backup.Backup{{Plan: "p", Instance: "a", CreatedAt: parseTime(t, "2026-11-02T11:30:00Z")}})
	got, err := p.Overdue(lastGood, false, parseTime(t, "2026-11-02T12:59:00Z"))
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = p.Overdue(lastGood, true, parseTime(t, "2026-11-02T13:29:00Z"))
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = p.Overdue(lastGood, false, parseTime(t, "2026-11-02T13:29:00Z"))
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestLastGoodOf(t *testing.T) {
	at := parseTime(t, "2026-11-02T02:31:00Z")
	require.Equal(t, backup.LastGoodBackups{"p": {"a": at}}, backup.LastGoodOf([]backup.Backup{
		{Plan: "p", Instance: "a", CreatedAt: at}, {Plan: "p", Instance: "a", CreatedAt: at.Add(-time.Hour)},
		{Plan: "p", Instance: "a", CreatedAt: at.Add(time.Hour), VerifyStatus: backup.VerifyFailed},
		{Plan: "p", Instance: "b", CreatedAt: at, PreRestore: true},
	}))
}
