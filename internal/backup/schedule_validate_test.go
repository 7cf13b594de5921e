package backup

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
)

// TestSchedule_Validate also checks that every valid schedule has a next run. Otherwise Next would search endlessly.
func TestSchedule_Validate(t *testing.T) {
	valid := Schedule{Frequency: Daily, Time: "02:30", TimeZone: "UTC"}
	for name, c := range map[string]struct {
		change func(*Schedule)
		field  string // "" for a valid schedule
	}{
		"daily":                  {func(*Schedule) {}, ""},
		"no frequency":           {func(s *Schedule) { s.Frequency = "" }, "schedule.frequency"},
		"unknown frequency":      {func(s *Schedule) { s.Frequency = "hourly" }, "schedule.frequency"},
		"no time":                {func(s *Schedule) { s.Time = "" }, "schedule.time"},
		"hour 24":                {func(s *Schedule) { s.Time = "24:00" }, "schedule.time"},
		"minute 60":              {func(s *Schedule) { s.Time = "02:60" }, "schedule.time"},
		"negative hour":          {func(s *Schedule) { s.Time = "-1:00" }, "schedule.time"},
		"letters":                {func(s *Schedule) { s.Time = "ab:cd" }, "schedule.time"},
		"line break":             {func(s *Schedule) { s.Time = "02:30\n" }, "schedule.time"},
		"weekday":                {func(s *Schedule) { s.Frequency, s.Weekday = Weekly, "sunday" }, ""},
		"no weekday":             {func(s *Schedule) { s.Frequency = Weekly }, "schedule.weekday"},
		"unknown weekday":        {func(s *Schedule) { s.Frequency, s.Weekday = Weekly, "Sunday" }, "schedule.weekday"},
		"day 31":                 {func(s *Schedule) { s.Frequency, s.DayOfMonth = Monthly, 31 }, ""},
		"no day":                 {func(s *Schedule) { s.Frequency = Monthly }, "schedule.day_of_month"},
		"negative day":           {func(s *Schedule) { s.Frequency, s.DayOfMonth = Monthly, -65 }, "schedule.day_of_month"},
		"day 32":                 {func(s *Schedule) { s.Frequency, s.DayOfMonth = Monthly, 32 }, "schedule.day_of_month"},
		"negative jitter":        {func(s *Schedule) { s.Jitter = -1 }, "schedule.jitter_seconds"},
		"jitter above an hour":   {func(s *Schedule) { s.Jitter = 3601 }, "schedule.jitter_seconds"},
		"local time zone":        {func(s *Schedule) { s.TimeZone = "Local" }, "schedule.time_zone"},
		"path as time zone":      {func(s *Schedule) { s.TimeZone = "../etc/passwd" }, "schedule.time_zone"},
		"cron that is never due": {func(s *Schedule) { s.Frequency, s.Cron = Cron, "0 0 30 2 *" }, "schedule.cron"},
	} {
		t.Run(name, func(t *testing.T) {
			s := valid
			c.change(&s)
			err := s.Validate()
			if c.field == "" {
				require.NoError(t, err)
				runs, err := s.Next(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), 1)
				require.NoError(t, err)
				require.Len(t, runs, 1)
				return
			}
			f, ok := errors.AsType[*fault.Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.field, f.Fields[0].Field)
		})
	}
}
