package backup_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	schedulepb "go.temporal.io/api/schedule/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"mycloudmanager/internal/backup"
)

var update = flag.Bool("update", false, "write the schedules anew")

// The schedules of plans, as Temporal keeps them, are those that temporal-server/catchup lets its scheduler wake up late with.
func TestSchedulesForTheScheduler(t *testing.T) {
	const file = "testdata/schedules.json"
	const hour = 3600
	plans, server := newPlans(t)
	schedules := map[string]json.RawMessage{}
	for name, p := range map[string]backup.Plan{
		"hourly, no catch-up":     {CatchUp: 0, Schedule: backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "Europe/Paris"}},
		"hourly, catch-up 1 h":    {CatchUp: hour, Schedule: backup.Schedule{Frequency: backup.Cron, Cron: "0 * * * *", TimeZone: "Europe/Paris"}},
		"daily, no catch-up":      {CatchUp: 0, Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}},
		"daily, catch-up 12 h":    {CatchUp: 12 * hour, Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}},
		"daily, catch-up 4 days":  {CatchUp: 96 * hour, Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}},
		"weekly, no catch-up":     {CatchUp: 0, Schedule: backup.Schedule{Frequency: backup.Weekly, Weekday: "monday", Time: "02:30", TimeZone: "Europe/Paris"}},
		"weekly, catch-up 4 days": {CatchUp: 96 * hour, Schedule: backup.Schedule{Frequency: backup.Weekly, Weekday: "monday", Time: "02:30", TimeZone: "Europe/Paris"}},
	} {
		p.ID, p.Name, p.Instances, p.Method = "0198-"+name, name, []string{"a"}, backup.Snapshot
		_, err := plans.Create(t.Context(), p)
		require.NoError(t, err, name)
		kept, err := server.Client.WorkflowService().DescribeSchedule(t.Context(), &workflowservice.DescribeScheduleRequest{Namespace: "mcm", ScheduleId: "plan:" + p.ID})
		require.NoError(t, err)
		kept.Schedule.Action.GetStartWorkflow().Input = nil // sealed with the server's key
		kept.Schedule.Action.GetStartWorkflow().UserMetadata = nil
		spec := kept.Schedule.Spec // days on which clocks change are others each year
		spec.StructuredCalendar = slices.DeleteFunc(spec.StructuredCalendar, func(c *schedulepb.StructuredCalendarSpec) bool { return len(c.Year) > 0 })
		spec.ExcludeStructuredCalendar = nil
		raw, err := protojson.Marshal(kept.Schedule)
		require.NoError(t, err)
		schedules[name] = raw
	}
	raw, err := json.MarshalIndent(schedules, "", "  ")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(file, append(raw, '\n'), 0o600))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, string(kept), string(raw), "run with -update, and then the tests of temporal-server/catchup")
}
