package backup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func nextOccurrences(t *testing.T, s Schedule, after string, n int) []Occurrence {
	t.Helper()
	at, err := time.Parse(time.RFC3339, after)
	require.NoError(t, err)
	out, err := s.Next(at, n)
	require.NoError(t, err)
	return out
}

// The zones change their clocks by an hour, by half an hour and by a whole day.
func TestSchedule_Next_dstChanges(t *testing.T) {
	daily := func(zone, at string) Schedule { return Schedule{Frequency: Daily, Time: at, TimeZone: zone} }
	for name, c := range map[string]struct {
		schedule Schedule
		after    string
		want     []Occurrence
	}{
		"Paris, forward: 02:30 does not exist": {daily("Europe/Paris", "02:30"), "2027-03-27T12:00:00Z", []Occurrence{
			{Local: "2027-03-28T03:00:00+02:00", Adjustment: DSTGap}, {Local: "2027-03-29T02:30:00+02:00"}}},
		"Paris, back: 02:30 occurs twice": {daily("Europe/Paris", "02:30"), "2027-10-30T12:00:00Z", []Occurrence{
			{Local: "2027-10-31T02:30:00+02:00", Adjustment: DSTOverlap}, {Local: "2027-11-01T02:30:00+01:00"}}},
		"Paris, between the two 02:30": {daily("Europe/Paris", "02:30"), "2027-10-31T00:45:00Z", []Occurrence{{Local: "2027-11-01T02:30:00+01:00"}}},
		"New York, forward": {daily("America/New_York", "02:15"), "2027-03-13T12:00:00Z", []Occurrence{
			{Local: "2027-03-14T03:00:00-04:00", Adjustment: DSTGap}, {Local: "2027-03-15T02:15:00-04:00"}}},
		"New York, back": {daily("America/New_York", "01:30"), "2027-11-06T12:00:00Z", []Occurrence{
			{Local: "2027-11-07T01:30:00-04:00", Adjustment: DSTOverlap}, {Local: "2027-11-08T01:30:00-05:00"}}},
		"Lord Howe, forward by half an hour": {daily("Australia/Lord_Howe", "02:15"), "2027-10-02T00:00:00Z", []Occurrence{
			{Local: "2027-10-03T02:30:00+11:00", Adjustment: DSTGap}, {Local: "2027-10-04T02:15:00+11:00"}}},
		"Lord Howe, back by half an hour": {daily("Australia/Lord_Howe", "01:45"), "2027-04-03T00:00:00Z", []Occurrence{
			{Local: "2027-04-04T01:45:00+11:00", Adjustment: DSTOverlap}, {Local: "2027-04-05T01:45:00+10:30"}}},
		"Apia, a skipped day": {daily("Pacific/Apia", "09:00"), "2011-12-28T20:00:00Z", []Occurrence{
			{Local: "2011-12-29T09:00:00-10:00"}, {Local: "2011-12-31T00:00:00+14:00", Adjustment: DSTGap}, {Local: "2011-12-31T09:00:00+14:00"}}},
		"the 31st of short months": {Schedule{Frequency: Monthly, DayOfMonth: 31, Time: "04:00", TimeZone: "UTC"}, "2028-01-15T00:00:00Z", []Occurrence{
			{Local: "2028-01-31T04:00:00Z"}, {Local: "2028-02-29T04:00:00Z", Adjustment: ShortMonth}, {Local: "2028-03-31T04:00:00Z"}, {Local: "2028-04-30T04:00:00Z", Adjustment: ShortMonth}}},
		"Sundays, forward": {Schedule{Frequency: Weekly, Weekday: "sunday", Time: "02:00", TimeZone: "Europe/Paris"}, "2027-03-22T00:00:00Z", []Occurrence{
			{Local: "2027-03-28T03:00:00+02:00", Adjustment: DSTGap}, {Local: "2027-04-04T02:00:00+02:00"}}},
		"cron every half hour, forward": {Schedule{Frequency: Cron, Cron: "*/30 * * * *", TimeZone: "Europe/Paris"}, "2027-03-28T00:15:00Z", []Occurrence{
			{Local: "2027-03-28T01:30:00+01:00"}, {Local: "2027-03-28T03:00:00+02:00", Adjustment: DSTGap}, {Local: "2027-03-28T03:30:00+02:00"}}},
		"cron with a day of the month or a weekday": {Schedule{Frequency: Cron, Cron: "0 5 13 * fri", TimeZone: "UTC"}, "2027-07-08T00:00:00Z", []Occurrence{
			{Local: "2027-07-09T05:00:00Z"}, {Local: "2027-07-13T05:00:00Z"}, {Local: "2027-07-16T05:00:00Z"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := nextOccurrences(t, c.schedule, c.after, len(c.want))
			for i := range got {
				require.True(t, c.schedule.Due(got[i].At), "%s is due", got[i].Local)
				require.False(t, c.schedule.Due(got[i].At.Add(time.Second)))
				got[i].At = time.Time{}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestSchedule_Validate_refusesInvalidFields(t *testing.T) {
	for field, s := range map[string]Schedule{
		"schedule.time_zone":    {Frequency: Daily, Time: "02:00", TimeZone: "Europe/Atlantis"},
		"schedule.time":         {Frequency: Daily, TimeZone: "UTC"},
		"schedule.weekday":      {Frequency: Weekly, Time: "02:00", TimeZone: "UTC"},
		"schedule.day_of_month": {Frequency: Monthly, Time: "02:00", TimeZone: "UTC"},
		"schedule.cron":         {Frequency: Cron, Cron: "0 0 30 2 *", TimeZone: "UTC"},
	} {
		require.ErrorContains(t, s.Validate(), field)
	}
	require.Error(t, Schedule{Frequency: Cron, Cron: "TZ=UTC 0 0 * * *", TimeZone: "UTC"}.Validate())
	require.Error(t, Schedule{Frequency: Cron, Cron: "0 0 * *", TimeZone: "UTC"}.Validate())
	require.Error(t, Schedule{Frequency: Daily, Time: "02:00", TimeZone: "Local"}.Validate())
}
