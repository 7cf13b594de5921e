package backup

import (
	"time"

	"github.com/robfig/cron/v3"
	"go.temporal.io/sdk/client"
)

// spliceHorizon is how many years changes of clocks are looked for. A plan that is edited looks again.
const (
	spliceHorizon = 20
	// maxRepeats bounds the spec of a plan that runs each minute.
	maxRepeats = 500
)

// Spec is the schedule as Temporal keeps it. Temporal leaves out times that a clock skips, and of what a
// clock shows twice takes the one, the other or both: these times are therefore named one by one, and what
// is not due is left out by the workflow that is started.
// https://docs.temporal.io/schedule#spec
func (w Schedule) Spec(now time.Time) (client.ScheduleSpec, error) {
	spec := client.ScheduleSpec{TimeZoneName: w.TimeZone, Jitter: time.Duration(w.Jitter) * time.Second}
	if err := w.Validate(); err != nil {
		return spec, err
	}
	zone, err := w.Zone()
	if err != nil {
		return spec, err
	}
	calendars, err := w.calendars()
	clocks := changes(now.In(zone))
	spec.Calendars, spec.Intervals = append(calendars, w.skips(clocks)...), w.repeats(clocks, zone)
	return spec, err
}

func one(n int) []client.ScheduleRange { return []client.ScheduleRange{{Start: n}} }

// calendars are the times as they come back.
func (w Schedule) calendars() ([]client.ScheduleCalendarSpec, error) {
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

// change is one time at which a zone's clocks are put forward or back.
type change struct {
	at            time.Time // in the zone
	before, after int       // offsets in seconds
}

// changes are those of the years ahead.
func changes(now time.Time) []change {
	var out []change
	for t := now; t.Year() < now.Year()+spliceHorizon; {
		_, at := t.ZoneBounds()
		switch {
		case at.IsZero():
			return out
		case !at.After(t): // time.Time loses its way at the end of some leap years
			t = t.Add(24 * time.Hour)
			continue
		}
		_, before := at.Add(-time.Second).Zone()
		_, after := at.Zone()
		out = append(out, change{at, before, after})
		t = at
	}
	return out
}

// skips are the first minutes after each time that a clock skips and the plan wanted.
func (w Schedule) skips(all []change) []client.ScheduleCalendarSpec {
	var out []client.ScheduleCalendarSpec
	for _, c := range all {
		to := wallOf(c.at)
		from := to.Add(-time.Duration(c.after-c.before) * time.Second)
		if wanted, _ := w.nextWall(from.Add(-time.Second)); c.after > c.before && !wanted.IsZero() && wanted.Before(to) {
			out = append(out, client.ScheduleCalendarSpec{Second: one(to.Second()), Minute: one(to.Minute()), Hour: one(to.Hour()),
				DayOfMonth: one(to.Day()), Month: one(int(to.Month())), Year: one(to.Year()), Comment: "clocks go forward over the plan's time"})
		}
	}
	return out
}

// repeats are the times that the plan wants and a clock shows twice, at the first: Temporal picks one of
// the two, sometimes the other. An interval as long as the time since 1970 ends at it once in a lifetime.
func (w Schedule) repeats(all []change, zone *time.Location) []client.ScheduleIntervalSpec {
	var out []client.ScheduleIntervalSpec
	for _, c := range all {
		from := wallOf(c.at)
		to := from.Add(time.Duration(c.before-c.after) * time.Second)
		for wanted, _ := w.nextWall(from.Add(-time.Second)); c.after < c.before && !wanted.IsZero() && wanted.Before(to); wanted, _ = w.nextWall(wanted) {
			first, _ := instant(wanted, zone)
			if out = append(out, client.ScheduleIntervalSpec{Every: time.Duration(first.Unix()) * time.Second}); len(out) == maxRepeats {
				return out
			}
		}
	}
	return out
}
