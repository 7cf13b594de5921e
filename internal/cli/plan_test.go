package cli

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sdk"
)

func TestPlan_Columns(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	for name, c := range map[string]struct {
		plan          sdk.BackupPlan
		next, overdue string
	}{
		"paused":    {sdk.BackupPlan{Paused: new(true), Note: new("the move")}, "paused the move", "-"},
		"no run":    {sdk.BackupPlan{}, "-", "-"},
		"scheduled": {sdk.BackupPlan{NextRuns: []time.Time{at}}, "2026-11-25 02:30:00", "-"},
		"overdue":   {sdk.BackupPlan{NextRuns: []time.Time{at}, OverdueSince: &at}, "2026-11-25 02:30:00", "since 2026-11-25 02:30:00"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.next, nextRun(c.plan))
			require.Equal(t, c.overdue, overdue(c.plan))
		})
	}
}

func TestScheduleText(t *testing.T) {
	monday := sdk.BackupScheduleWeekdayMonday
	for want, s := range map[string]sdk.BackupSchedule{
		"weekly monday 02:30 Europe/Paris": {Frequency: sdk.BackupScheduleFrequencyWeekly, Weekday: &monday,
			Time: new("02:30"), TimeZone: "Europe/Paris"},
		"cron 0 */6 * * * UTC": {Frequency: sdk.BackupScheduleFrequencyCron, Cron: new("0 */6 * * *"), TimeZone: "UTC"},
		"monthly 01:00 UTC": {Frequency: sdk.BackupScheduleFrequencyMonthly, DayOfMonth: new(int64(31)),
			Time: new("01:00"), TimeZone: "UTC"},
	} {
		require.Equal(t, want, scheduleText(s))
	}
}

// Exactly the fields that were given are sent, also those that are 0 or false.
func TestDecodePlan(t *testing.T) {
	whole := map[string]any{"name": "nightly", "instances": []string{"i-1"}, "method": "snapshot",
		"schedule": map[string]any{"frequency": "daily", "time": "02:30", "time_zone": "UTC"}}
	with := func(field string, value any) map[string]any {
		object := maps.Clone(whole)
		object[field] = value
		return object
	}
	for name, object := range map[string]map[string]any{
		"required fields":          whole,
		"no time to catch up":      with("catch_up_seconds", 0),
		"no consistency group":     with("snapshot", map[string]any{"consistency_group": false}),
		"no daily backups":         with("retention", map[string]any{"daily": 0, "keep_last": 3}),
		"options of a file backup": with("soft", map[string]any{"engine": "restic", "limit_kib_per_second": 0, "excludes": []string{"*.cache"}}),
		"a plan as it was shown":   with("created_by", map[string]any{"id": "u", "name": "demo"}),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := decodePlan(object)
			require.NoError(t, err)
			want, err := json.Marshal(object)
			require.NoError(t, err)
			sent, err := json.Marshal(p)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(sent))
		})
	}
	for want, object := range map[string]map[string]any{
		`the backup plan is invalid: json: unknown field "nmae"`:                                           with("nmae", "x"),
		`the backup plan is invalid: json: unknown field "hour"`:                                           with("schedule", map[string]any{"hour": 2}),
		"the backup plan is incomplete: schedule.time_zone missing":                                        with("schedule", map[string]any{"frequency": "daily"}),
		"the backup plan is incomplete: name, schedule.frequency, schedule.time_zone missing":              {"method": "soft", "instances": []any{}},
		"the backup plan is incomplete: instances, method, schedule.frequency, schedule.time_zone missing": {"name": "x", "instances": nil},
	} {
		_, err := decodePlan(object)
		require.EqualError(t, err, want)
	}
	_, err := decodePlan(with("instances", "web-1"))
	require.ErrorContains(t, err, "instances")
}

func TestPlanFlags_Apply(t *testing.T) {
	for name, c := range map[string]struct {
		file map[string]any
		args []string
		want map[string]any
	}{
		"daily from --at": {nil, []string{"--name", "nightly", "--at", "02:30", "--zone", "Europe/Paris", "--keep-daily", "7"},
			map[string]any{"name": "nightly", "schedule": map[string]any{"frequency": "daily", "time": "02:30", "time_zone": "Europe/Paris"},
				"retention": map[string]any{"daily": 7}}},
		"weekly from --weekday": {nil, []string{"--weekday", "monday", "--at", "02:30"},
			map[string]any{"schedule": map[string]any{"frequency": "weekly", "weekday": "monday", "time": "02:30"}}},
		"cron": {nil, []string{"--cron", "0 */6 * * *"}, map[string]any{"schedule": map[string]any{"frequency": "cron", "cron": "0 */6 * * *"}}},
		"a flag replaces the field of the file": {
			map[string]any{"name": "old", "schedule": map[string]any{"frequency": "monthly", "time": "01:00"}},
			[]string{"--name", "new", "--frequency", "daily"},
			map[string]any{"name": "new", "schedule": map[string]any{"frequency": "daily", "time": "01:00"}}},
		"catch up not at all": {nil, []string{"--catch-up", "0s"}, map[string]any{"catch_up_seconds": 0}},
		"group":               {nil, []string{"--consistency-group"}, map[string]any{"snapshot": map[string]any{"consistency_group": true}}},
		"instances":           {nil, []string{"--instance", "web-1"}, map[string]any{"instances": []string{"id-1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			set := pflag.NewFlagSet("create", pflag.ContinueOnError)
			flags := newPlanFlags(set)
			require.NoError(t, set.Parse(c.args))
			if c.file == nil {
				c.file = map[string]any{}
			}
			require.NoError(t, flags.apply(c.file, []string{"id-1"}))
			require.Equal(t, c.want, c.file)
		})
	}
	t.Run("a field of the file that is not an object", func(t *testing.T) {
		set := pflag.NewFlagSet("create", pflag.ContinueOnError)
		flags := newPlanFlags(set)
		require.NoError(t, set.Parse([]string{"--zone", "UTC"}))
		require.EqualError(t, flags.apply(map[string]any{"schedule": "daily"}, nil), "schedule is not an object")
	})
}

func TestReadObject_NotJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plan.json")
	require.NoError(t, os.WriteFile(file, []byte("no"), 0o600))
	body := map[string]any{}
	require.ErrorContains(t, readObject(file, &body), "is not a JSON object")
}
