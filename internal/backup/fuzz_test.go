package backup

import (
	"strings"
	"testing"
	"time"
)

// FuzzSchedule checks that every valid schedule has future occurrences in ascending order and a Temporal spec.
func FuzzSchedule(f *testing.F) {
	f.Add("daily", "02:30", "", 0, "", "Europe/Paris")
	f.Add("weekly", "23:59", "monday", 0, "", "UTC")
	f.Add("monthly", "00:00", "", 31, "", "America/New_York")
	f.Add("cron", "", "", 0, "0 */6 * * *", "Australia/Lord_Howe")
	f.Add("cron", "", "", 0, "0 0 30 2 *", "UTC")
	f.Add("cron", "", "", 0, "CRON_TZ=UTC 0 0 * * *", "UTC")
	now := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, frequency, clock, weekday string, day int, expression, zone string) {
		s := Schedule{Frequency: Frequency(frequency), Time: clock, Weekday: weekday, DayOfMonth: day, Cron: expression, TimeZone: zone}
		if s.Validate() != nil {
			return
		}
		runs, err := s.Next(now, 3)
		if err != nil {
			t.Fatalf("%+v is valid, but Next fails: %v", s, err)
		}
		last := now
		for _, run := range runs {
			if !run.At.After(last) {
				t.Errorf("%+v: the run at %s is not after %s", s, run.At, last)
			}
			last = run.At
			if s.Frequency != Cron && run.Adjustment == Unadjusted && !strings.Contains(run.Local, "T"+clock+":00") {
				t.Errorf("%+v: the run at %s is not at the scheduled time", s, run.Local)
			}
		}
		if _, err := s.Spec(now); err != nil {
			t.Errorf("%+v is valid, but Spec fails: %v", s, err)
		}
	})
}
