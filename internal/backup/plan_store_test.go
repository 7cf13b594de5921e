package backup_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/temporal/temporaltest"
)

func newPlans(t testing.TB) (*backup.Plans, *temporaltest.Server) {
	t.Helper()
	server := temporaltest.Start(t)
	return &backup.Plans{Temporal: server.Client, TaskQueue: "nobody", Converter: server.Ring.Converter()}, server
}

func plan(id, name string) backup.Plan {
	return backup.Plan{ID: id, Name: name, Instances: []string{"a"}, Method: backup.Snapshot, CatchUp: 3600,
		Schedule: backup.Schedule{Frequency: backup.Daily, Time: "02:30", TimeZone: "Europe/Paris"}}
}

func TestPlans_lifecycle(t *testing.T) {
	plans, _ := newPlans(t)
	created, err := plans.Create(t.Context(), plan("0198-1", "nightly"))
	require.NoError(t, err)
	require.Equal(t, "nightly", created.Name)
	_, err = plans.Create(t.Context(), plan("0198-1", "again"))
	require.Equal(t, fault.Conflict, fault.KindOf(err))

	changed := created.Plan
	changed.Name, changed.Schedule.Time = "later", "04:15"
	after, err := plans.Replace(t.Context(), changed, created.ETag)
	require.NoError(t, err)
	require.Equal(t, "later", after.Name)
	require.NotEqual(t, created.ETag, after.ETag)
	_, err = plans.Replace(t.Context(), changed, created.ETag)
	var failed *backup.ErrPreconditionFailed
	require.ErrorAs(t, err, &failed, "an outdated ETag")

	paused, err := plans.Pause(t.Context(), created.ID, "maintenance")
	require.NoError(t, err)
	require.True(t, paused.Paused)
	require.Equal(t, "maintenance", paused.Note)
	resumed, err := plans.Resume(t.Context(), created.ID)
	require.NoError(t, err)
	require.False(t, resumed.Paused)
	require.Empty(t, resumed.Note)
	require.Equal(t, "04:15", resumed.Schedule.Time)

	_, err = plans.Create(t.Context(), plan("0198-2", "second"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		list, more, err := plans.List(t.Context(), "", 1)
		return err == nil && more && len(list) == 1 && list[0].ID == "0198-1"
	}, 5*time.Second, 50*time.Millisecond)
	list, more, err := plans.List(t.Context(), "0198-1", 5)
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, "second", list[0].Name)

	require.NoError(t, plans.Delete(t.Context(), created.ID))
	_, err = plans.Get(t.Context(), created.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

// Of several editors that have read the same version of a plan, one succeeds. Changes without an ETag do not overwrite each
// other.
func TestPlans_concurrentChanges(t *testing.T) {
	plans, _ := newPlans(t)
	created, err := plans.Create(t.Context(), plan("0198-1", "nightly"))
	require.NoError(t, err)
	etag := created.ETag
	for version := range 5 {
		const editors = 4
		results := make([]error, editors)
		var wg sync.WaitGroup
		for i := range editors {
			wg.Go(func() {
				changed := created.Plan
				changed.Name = fmt.Sprintf("by editor %d, version %d", i, version)
				_, results[i] = plans.Replace(t.Context(), changed, etag)
			})
		}
		wg.Wait()
		winner := -1
		for i, err := range results {
			if err == nil {
				require.Equal(t, -1, winner, "two editors have replaced the same version")
				winner = i
				continue
			}
			var failed *backup.ErrPreconditionFailed
			require.ErrorAs(t, err, &failed)
		}
		require.NotEqual(t, -1, winner)
		after, err := plans.Get(t.Context(), created.ID)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("by editor %d, version %d", winner, version), after.Name)
		etag = after.ETag
	}

	var wg sync.WaitGroup
	changed := created.Plan
	changed.Name = "renamed"
	wg.Go(func() { _, err := plans.Pause(t.Context(), created.ID, "maintenance"); require.NoError(t, err) })
	wg.Go(func() { _, err := plans.Replace(t.Context(), changed, ""); require.NoError(t, err) })
	wg.Wait()
	after, err := plans.Get(t.Context(), created.ID)
	require.NoError(t, err)
	require.Equal(t, "renamed", after.Name)
	require.Equal(t, "maintenance", after.Note)
	require.True(t, after.Paused)
}

// Temporal must fire at each occurrence of the schedule, also around DST changes. The workflow ignores additional starts, so the
// test does not check them.
func TestSchedule_Spec_containsEveryOccurrence(t *testing.T) {
	_, server := newPlans(t)
	daily := func(zone, at string) backup.Schedule {
		return backup.Schedule{Frequency: backup.Daily, Time: at, TimeZone: zone}
	}
	for i, c := range []struct {
		schedule backup.Schedule
		from     time.Time // a few days before the DST change
	}{
		{daily("Europe/Paris", "02:30"), time.Date(2027, 3, 24, 12, 0, 0, 0, time.UTC)},
		{daily("Europe/Paris", "02:00"), time.Date(2028, 3, 22, 12, 0, 0, 0, time.UTC)},
		{daily("Europe/Paris", "02:30"), time.Date(2027, 10, 28, 12, 0, 0, 0, time.UTC)},
		{daily("America/New_York", "02:15"), time.Date(2027, 3, 10, 12, 0, 0, 0, time.UTC)},
		{daily("America/New_York", "01:30"), time.Date(2027, 11, 4, 12, 0, 0, 0, time.UTC)},
		{daily("Australia/Lord_Howe", "02:15"), time.Date(2027, 9, 30, 0, 0, 0, 0, time.UTC)},
		{daily("Australia/Lord_Howe", "01:45"), time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)},
		{daily("Pacific/Apia", "00:30"), time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)},
		{backup.Schedule{Frequency: backup.Monthly, DayOfMonth: 31, Time: "04:00", TimeZone: "Europe/Paris"}, time.Date(2028, 1, 15, 0, 0, 0, 0, time.UTC)},
		{backup.Schedule{Frequency: backup.Weekly, Weekday: "sunday", Time: "02:30", TimeZone: "Europe/Paris"}, time.Date(2027, 3, 24, 0, 0, 0, 0, time.UTC)},
		{backup.Schedule{Frequency: backup.Cron, Cron: "0 */6 * * *", TimeZone: "Europe/Paris"}, time.Date(2027, 3, 27, 0, 0, 0, 0, time.UTC)},
		{backup.Schedule{Frequency: backup.Cron, Cron: "30 2 13 * fri", TimeZone: "America/New_York"}, time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(fmt.Sprintf("%d %s", i, c.schedule), func(t *testing.T) {
			spec, err := c.schedule.Spec(time.Now())
			require.NoError(t, err)
			spec.StartAt = c.from
			times := temporalTimes(t, server.Client, fmt.Sprintf("dst-%d", i), spec)
			want, err := c.schedule.Next(c.from.Add(-time.Second), 3)
			require.NoError(t, err)
			for _, o := range want {
				require.Contains(t, times, o.At.Unix(), "%s is not among Temporal's times", o.Local)
			}
		})
	}
}

// temporalTimes returns the Unix times of the next actions that Temporal computes for a schedule with the spec.
func temporalTimes(t *testing.T, c client.Client, id string, spec client.ScheduleSpec) map[int64]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	handle, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: id, Spec: spec, Action: &client.ScheduleWorkflowAction{ID: id, Workflow: "none", TaskQueue: "none"}})
	require.NoError(t, err)
	d, err := handle.Describe(ctx)
	require.NoError(t, err)
	times := map[int64]bool{}
	for _, at := range d.Info.NextActionTimes {
		times[at.Unix()] = true
	}
	require.NotEmpty(t, times)
	return times
}
