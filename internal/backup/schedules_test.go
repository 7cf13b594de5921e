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

var update = flag.Bool("update", false, "overwrite testdata/schedules.json with the current schedules")

// TestSchedulesForTheScheduler checks that testdata/schedules.json contains the plans' schedules as Temporal stores them. The
// tests of temporal-server/catchup read this file.
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
		described, err := server.Client.WorkflowService().DescribeSchedule(t.Context(), &workflowservice.DescribeScheduleRequest{Namespace: "mcm", ScheduleId: "plan:" + p.ID})
		require.NoError(t, err)
		described.Schedule.Action.GetStartWorkflow().Input = nil // encrypted with a random key
		described.Schedule.Action.GetStartWorkflow().UserMetadata = nil
		spec := described.Schedule.Spec // without the DST changes, which differ each year
		spec.StructuredCalendar = slices.DeleteFunc(spec.StructuredCalendar, func(c *schedulepb.StructuredCalendarSpec) bool { return len(c.Year) > 0 })
		spec.ExcludeStructuredCalendar = nil
		raw, err := protojson.Marshal(described.Schedule)
		require.NoError(t, err)
		schedules[name] = raw
	}
	raw, err := json.MarshalIndent(schedules, "", "  ")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(file, append(raw, '\n'), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(raw), "run this test with -update and then the tests of temporal-server/catchup")
}
