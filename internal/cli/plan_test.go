package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestPlan_Columns(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	for name, c := range map[string]struct {
		plan          plan
		next, overdue string
	}{
		"paused":    {plan{Paused: true, Note: "the move"}, "paused the move", "-"},
		"no run":    {plan{}, "-", "-"},
		"scheduled": {plan{NextRuns: []time.Time{at}}, "2026-11-25 02:30:00", "-"},
		"overdue":   {plan{NextRuns: []time.Time{at}, OverdueSince: &at}, "2026-11-25 02:30:00", "since 2026-11-25 02:30:00"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.next, c.plan.next())
			require.Equal(t, c.overdue, c.plan.overdue())
		})
	}
}

func TestPlanFlags_Apply(t *testing.T) {
	for name, c := range map[string]struct {
		file map[string]any
		args []string
		want map[string]any
	}{
		"daily from --at": {nil, []string{"--name", "nightly", "--at", "02:30", "--zone", "Europe/Paris", "--keep-daily", "7"},
			map[string]any{"name": "nightly", "schedule": map[string]any{"frequency": "daily", "time": "02:30", "time_zone": "Europe/Paris"}, "retention": map[string]any{"daily": 7}}},
		"weekly from --weekday": {nil, []string{"--weekday", "monday", "--at", "02:30"},
			map[string]any{"schedule": map[string]any{"frequency": "weekly", "weekday": "monday", "time": "02:30"}}},
		"cron": {nil, []string{"--cron", "0 */6 * * *"}, map[string]any{"schedule": map[string]any{"frequency": "cron", "cron": "0 */6 * * *"}}},
		"a flag replaces the field of the file": {map[string]any{"name": "old", "schedule": map[string]any{"frequency": "monthly", "time": "01:00"}}, []string{"--name", "new", "--frequency", "daily"},
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
