package backup

import (
	"time"

	"github.com/robfig/cron/v3"
	"go.temporal.io/sdk/client"
)

// ahead is how many years changes of clocks are looked for. A plan that is edited looks again.
const ahead = 20

// Spec is the schedule as Temporal keeps it. Temporal leaves out times that a clock skips and starts twice
// what a clock shows twice: the first minute after each skip is therefore named by itself, and what is not
// due is left out by the workflow that is started.
// https://docs.temporal.io/schedule#spec
func (w When) Spec(now time.Time) (client.ScheduleSpec, error) {
	spec := client.ScheduleSpec{TimeZoneName: w.TimeZone, Jitter: time.Duration(w.Jitter) * time.Second}
	if err := w.Check(); err != nil {
		return spec, err
	}
	zone, err := w.Zone()
	if err != nil {
		return spec, err
	}
	calendars, err := w.calendars()
	spec.Calendars = append(calendars, w.skips(now.In(zone), zone)...)
	return spec, err
}

func one(n int) []client.ScheduleRange { return []client.ScheduleRange{{Start: n}} }

// calendars are the times as they come back.
func (w When) calendars() ([]client.ScheduleCalendarSpec, error) {
	if w.Frequency == Cron {
		s, err := w.fields()
		if err != nil {
			return nil, err
		}
		return cronCalendars(s), nil
	}
	hour, minute := w.clock()
	c := client.ScheduleCalendarSpec{Second: one(0), Minute: one(minute), Hour: one(hour)}
	switch w.Frequency {
	case Weekly:
		c.DayOfWeek = one(w.weekday())
	case Monthly:
		// The last day of a month that lacks the day may be any from the 28th on.
		c.DayOfMonth = []client.ScheduleRange{{Start: min(w.DayOfMonth, 28), End: w.DayOfMonth}}
	}
	return []client.ScheduleCalendarSpec{c}, nil
}

// cronCalendars are a cron line as calendars: two when both a day and a weekday are named, which means one
// or the other.
func cronCalendars(s *cron.SpecSchedule) []client.ScheduleCalendarSpec {
	const star = 1 << 63
	c := client.ScheduleCalendarSpec{Second: one(0), Minute: ranges(s.Minute, 60), Hour: ranges(s.Hour, 24), Month: ranges(s.Month, 13)}
	byDay, byWeekday := c, c
	byDay.DayOfMonth, byWeekday.DayOfWeek = ranges(s.Dom, 32), ranges(s.Dow, 7)
	switch {
	case s.Dow&star != 0:
		return []client.ScheduleCalendarSpec{byDay}
	case s.Dom&star != 0:
		return []client.ScheduleCalendarSpec{byWeekday}
	}
	return []client.ScheduleCalendarSpec{byDay, byWeekday}
}

// ranges are the bits below limit.
func ranges(bits uint64, limit int) []client.ScheduleRange {
	var out []client.ScheduleRange
	for n := range limit {
		switch {
		case bits&(1<<n) == 0:
		case len(out) > 0 && out[len(out)-1].End == n-1:
			out[len(out)-1].End = n
		default:
			out = append(out, client.ScheduleRange{Start: n, End: n})
		}
	}
	return out
}

// skips are the first minutes after each time that a clock skips and the plan wanted.
func (w When) skips(now time.Time, zone *time.Location) []client.ScheduleCalendarSpec {
	var out []client.ScheduleCalendarSpec
	for t := now; t.Year() < now.Year()+ahead; {
		_, change := t.ZoneBounds()
		if change.IsZero() {
			break
		}
		_, before := change.Add(-time.Second).Zone()
		after := wallOf(change)
		_, offset := change.Zone()
		if from := after.Add(-time.Duration(offset-before) * time.Second); from.Before(after) {
			if wanted, _ := w.nextWall(from.Add(-time.Second)); !wanted.IsZero() && wanted.Before(after) {
				out = append(out, client.ScheduleCalendarSpec{Second: one(after.Second()), Minute: one(after.Minute()), Hour: one(after.Hour()),
					DayOfMonth: one(after.Day()), Month: one(int(after.Month())), Year: one(after.Year()), Comment: "clocks go forward over the plan's time"})
			}
		}
		t = change.In(zone)
	}
	return out
}
