package backup

import (
	"time"

	"github.com/robfig/cron/v3"
	"go.temporal.io/sdk/client"
)

const (
	// spliceHorizon is the number of years for which DST changes are added to the spec. Every edit of a plan computes them again.
	spliceHorizon = 20
	// maxRepeats limits the size of the spec of a plan that runs every minute.
	maxRepeats = 500
)

// Spec converts the schedule to a Temporal schedule spec. Temporal skips local times inside a DST gap and may fire either or
// both instants of a local time that occurs twice. Spec therefore lists these instants explicitly, and the ScheduledBackup
// workflow ignores starts that are not due.
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

// calendars returns the regular times of the schedule, without DST changes.
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
		// If the month has no such day, the run is on its last day, which may be any day from the 28th.
		c.DayOfMonth = []client.ScheduleRange{{Start: min(w.DayOfMonth, 28), End: w.DayOfMonth}}
	}
	return []client.ScheduleCalendarSpec{c}, nil
}

// cronCalendars converts a cron expression to calendars. An expression that restricts both the day of the month and the weekday
// matches either of them, which needs two calendars.
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

// ranges converts the bits below limit to ranges of consecutive values.
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

// change is a change of a zone's UTC offset.
type change struct {
	at            time.Time // in the zone
	before, after int       // offsets in seconds
}

// changes returns the offset changes within spliceHorizon years after now, in the zone of now.
func changes(now time.Time) []change {
	var out []change
	for t := now; t.Year() < now.Year()+spliceHorizon; {
		_, at := t.ZoneBounds()
		switch {
		case at.IsZero():
			return out
		case !at.After(t): // time.Time.ZoneBounds returns a wrong end at the end of some leap years
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

// skips returns a calendar for the first minute after each DST gap that contains a scheduled time.
func (w Schedule) skips(all []change) []client.ScheduleCalendarSpec {
	var out []client.ScheduleCalendarSpec
	for _, c := range all {
		to := wallOf(c.at)
		from := to.Add(-time.Duration(c.after-c.before) * time.Second)
		if scheduled, _ := w.nextWall(from.Add(-time.Second)); c.after > c.before && !scheduled.IsZero() && scheduled.Before(to) {
			out = append(out, client.ScheduleCalendarSpec{Second: one(to.Second()), Minute: one(to.Minute()), Hour: one(to.Hour()),
				DayOfMonth: one(to.Day()), Month: one(int(to.Month())), Year: one(to.Year()), Comment: "clocks go forward over the plan's time"})
		}
	}
	return out
}

// repeats returns an interval for the first instant of each scheduled local time that occurs twice, because Temporal may choose
// the second. An interval equal to the Unix time of the instant fires exactly once.
func (w Schedule) repeats(all []change, zone *time.Location) []client.ScheduleIntervalSpec {
	var out []client.ScheduleIntervalSpec
	for _, c := range all {
		from := wallOf(c.at)
		to := from.Add(time.Duration(c.before-c.after) * time.Second)
		for scheduled, _ := w.nextWall(from.Add(-time.Second)); c.after < c.before && !scheduled.IsZero() && scheduled.Before(to); scheduled, _ = w.nextWall(scheduled) {
			first, _ := instant(scheduled, zone)
			if out = append(out, client.ScheduleIntervalSpec{Every: time.Duration(first.Unix()) * time.Second}); len(out) == maxRepeats {
				return out
			}
		}
	}
	return out
}
