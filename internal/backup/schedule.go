package backup

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the host may have no time zone database

	"github.com/robfig/cron/v3"

	"mycloudmanager/internal/fault"
)

// Frequency is the kind of recurrence of a schedule.
type Frequency string

// The frequencies, with the values of the REST API.
const (
	Daily   Frequency = "daily"
	Weekly  Frequency = "weekly"
	Monthly Frequency = "monthly"
	Cron    Frequency = "cron"
)

// Schedule defines when a plan runs, in the plan's time zone.
//
// A local time inside a DST gap is moved to the first minute after the gap. Of a local time that occurs twice, the first
// occurrence is used. A day of the month that does not exist is moved to the last day of the month.
type Schedule struct {
	Frequency  Frequency `json:"frequency" enum:"daily,weekly,monthly,cron"`
	Time       string    `json:"time,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"hh:mm"`
	Weekday    string    `json:"weekday,omitempty" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday"`
	DayOfMonth int       `json:"day_of_month,omitempty" minimum:"1" maximum:"31"`
	Cron       string    `json:"cron,omitempty" maxLength:"100" doc:"five fields: minute hour day month weekday"`
	TimeZone   string    `json:"time_zone" maxLength:"64" doc:"a name of the IANA database, for example Europe/Paris"`
	Jitter     int       `json:"jitter_seconds,omitempty" minimum:"0" maximum:"3600" doc:"maximum random delay of the start of a run"`
}

// Adjustment is the reason why an occurrence is not exactly at the scheduled local time.
type Adjustment string

// The adjustments.
const (
	Unadjusted Adjustment = ""
	DSTGap     Adjustment = "dst_gap"     // the local time does not exist on that day
	DSTOverlap Adjustment = "dst_overlap" // the local time occurs twice on that day, the first is used
	ShortMonth Adjustment = "short_month" // the month has no such day
)

// Occurrence is one time at which a plan is due.
type Occurrence struct {
	At         time.Time  `json:"at"`
	Local      string     `json:"local" doc:"in the plan's time zone"`
	Adjustment Adjustment `json:"adjustment,omitempty" enum:"dst_gap,dst_overlap,short_month"`
}

// Zone returns the time zone of the schedule. The error is an Invalid fault if the name is unknown.
func (w Schedule) Zone() (*time.Location, error) {
	if w.TimeZone == "" || w.TimeZone == "Local" {
		return nil, fault.InvalidField("schedule.time_zone", "a name of the IANA database, for example Europe/Paris")
	}
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return nil, fault.InvalidField("schedule.time_zone",
			"%q is not a time zone: use a name of the IANA database, for example Europe/Paris", w.TimeZone)
	}
	return zone, nil
}

// Validate returns an Invalid fault if a field is malformed or if the schedule is never due.
func (w Schedule) Validate() error {
	if _, err := w.Zone(); err != nil {
		return err
	}
	if w.Jitter < 0 || w.Jitter > maxJitter {
		return fault.InvalidField("schedule.jitter_seconds", "0 to %d", maxJitter)
	}
	if w.Frequency == Cron {
		_, err := w.fields()
		return err
	}
	switch {
	case !slices.Contains([]Frequency{Daily, Weekly, Monthly}, w.Frequency):
		return fault.InvalidField("schedule.frequency", "one of daily, weekly, monthly, cron")
	case !clockPattern.MatchString(w.Time):
		return fault.InvalidField("schedule.time", "a time of day as hh:mm")
	case w.Frequency == Weekly && w.weekday() < 0:
		return fault.InvalidField("schedule.weekday", "a day of the week")
	case w.Frequency == Monthly && (w.DayOfMonth < 1 || w.DayOfMonth > 31):
		return fault.InvalidField("schedule.day_of_month", "a day of the month, 1 to 31")
	}
	return nil
}

// maxJitter is the longest random delay of a run, in seconds.
const maxJitter = 3600

// clockPattern matches a time of day. The REST contract has the same pattern.
var clockPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// fields parses the cron expression as UTC. Next converts the times to the time zone, by the same rules as for the other
// frequencies.
func (w Schedule) fields() (*cron.SpecSchedule, error) {
	if strings.Contains(w.Cron, "TZ=") {
		return nil, fault.InvalidField("schedule.cron", "the time zone belongs in the field time_zone")
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse("TZ=UTC " + w.Cron)
	if err != nil {
		return nil, fault.InvalidField("schedule.cron",
			"%q is not a cron expression: five fields are needed, minute hour day month weekday", w.Cron)
	}
	s, ok := parsed.(*cron.SpecSchedule)
	if !ok || s.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, fault.InvalidField("schedule.cron", "%q is never due", w.Cron)
	}
	return s, nil
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (w Schedule) weekday() int { return slices.Index(weekdays, w.Weekday) }

// Next returns the next n occurrences after t, or fewer if the schedule has no more.
func (w Schedule) Next(t time.Time, n int) ([]Occurrence, error) {
	if err := w.Validate(); err != nil {
		return nil, err
	}
	zone, err := w.Zone()
	if err != nil {
		return nil, err
	}
	out := []Occurrence{}
	// When clocks go back, local times repeat: the next occurrence may have an earlier wall-clock time than t, by up to a day.
	wall := wallOf(t.In(zone)).Add(-24 * time.Hour)
	for len(out) < n {
		next, moved := w.nextWall(wall)
		if next.IsZero() {
			break
		}
		wall = next
		at, shifted := instant(next, zone)
		if at.After(t) && (len(out) == 0 || at.After(out[len(out)-1].At)) {
			out = append(out, Occurrence{At: at.UTC(), Local: at.Format("2006-01-02T15:04:05Z07:00"), Adjustment: cmp.Or(shifted, moved)})
		}
	}
	return out, nil
}

// Due reports whether t is an occurrence, to the second.
func (w Schedule) Due(t time.Time) bool {
	next, err := w.Next(t.Add(-time.Second), 1)
	return err == nil && len(next) == 1 && next[0].At.Equal(t.Truncate(time.Second))
}

// nextWall returns the next wall-clock time after the given one. Wall-clock times are represented as UTC.
func (w Schedule) nextWall(after time.Time) (time.Time, Adjustment) {
	if w.Frequency == Cron {
		s, err := w.fields()
		if err != nil {
			return time.Time{}, Unadjusted
		}
		return s.Next(after), Unadjusted
	}
	hour, minute := w.clock()
	for day := after.Truncate(24 * time.Hour); ; day = day.AddDate(0, 0, 1) {
		at := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
		if runs, moved := w.runsOn(day); runs && at.After(after) {
			return at, moved
		}
	}
}

// runsOn reports whether the plan runs on the day.
func (w Schedule) runsOn(day time.Time) (bool, Adjustment) {
	switch w.Frequency {
	case Weekly:
		return int(day.Weekday()) == w.weekday(), Unadjusted
	case Monthly:
		last := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		if day.Day() == last && w.DayOfMonth > last {
			return true, ShortMonth
		}
		return day.Day() == w.DayOfMonth, Unadjusted
	}
	return true, Unadjusted
}

func (w Schedule) clock() (hour, minute int) {
	h, m, _ := strings.Cut(w.Time, ":")
	hour, _ = strconv.Atoi(h) // Validate has checked the format
	minute, _ = strconv.Atoi(m)
	return hour, minute
}

// wallOf returns the wall-clock time of t, represented as UTC.
func wallOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// instant returns the first instant with the wall-clock time w in the zone, or the first instant after the DST gap that w
// falls into.
func instant(w time.Time, zone *time.Location) (time.Time, Adjustment) {
	// Only the offsets one day before and after can apply, because no zone changes its offset twice within two days.
	_, before := w.AddDate(0, 0, -1).In(zone).Zone()
	_, after := w.AddDate(0, 0, 1).In(zone).Zone()
	first, second := withOffset(w, before), withOffset(w, after)
	shows := func(t time.Time) bool { return wallOf(t.In(zone)).Equal(w) }
	switch {
	case before == after:
		return first.In(zone), Unadjusted
	case shows(first) && shows(second):
		return first.In(zone), DSTOverlap
	case shows(first):
		return first.In(zone), Unadjusted
	case shows(second):
		return second.In(zone), Unadjusted
	}
	_, change := second.In(zone).ZoneBounds() // second is before the change, which ends its zone period
	return change, DSTGap
}

// withOffset returns the instant with the wall-clock time w and the UTC offset in seconds.
func withOffset(w time.Time, offset int) time.Time {
	return w.Add(-time.Duration(offset) * time.Second)
}

// String returns the schedule as text for logs.
func (w Schedule) String() string {
	if w.Frequency == Cron {
		return fmt.Sprintf("cron %s %s", w.Cron, w.TimeZone)
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", w.Frequency, w.Weekday, w.Time, w.TimeZone)), " ")
}
