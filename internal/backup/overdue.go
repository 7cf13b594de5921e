package backup

import (
	"slices"
	"time"
)

// OverdueInstance is an instance of a plan of which two due times in a row have brought no good backup.
type OverdueInstance struct {
	Instance string     `json:"instance"`
	Since    time.Time  `json:"since" doc:"the second of the due times"`
	LastGood *time.Time `json:"last_backup_at" nullable:"true" doc:"null when there is none of this plan"`
}

// LastGoodBackups are the newest good backups, by plan and instance. One that a verification has found damaged is not
// good, and one that was made before a restore belongs to no plan.
type LastGoodBackups map[string]map[string]time.Time

// LastGoodOf finds them among all backups.
func LastGoodOf(all []Backup) LastGoodBackups {
	g := LastGoodBackups{}
	for _, b := range all {
		if b.PreRestore || b.VerifyStatus == VerifyFailed {
			continue
		}
		if g[b.Plan] == nil {
			g[b.Plan] = map[string]time.Time{}
		}
		if b.CreatedAt.After(g[b.Plan][b.Instance]) {
			g[b.Plan][b.Instance] = b.CreatedAt
		}
	}
	return g
}

const (
	// dueTimes in a row without a backup make an instance overdue.
	dueTimes = 2
	// startTimeout is how long after its time a run may begin, besides the plan's jitter.
	startTimeout = time.Minute
)

// Overdue returns the instances that are, the one that waits longest first. None is while the plan is
// paused, or while a run is going on, which may bring what is missing. Due times count from the last good
// backup, and from when the plan was made, edited or resumed.
func (p PlanStatus) Overdue(good LastGoodBackups, running bool, now time.Time) ([]OverdueInstance, error) {
	if p.Paused || running || len(p.Instances) == 0 {
		return nil, nil
	}
	late := func(from time.Time) (time.Time, bool, error) {
		due, err := p.Schedule.Next(from, dueTimes)
		if err != nil || len(due) < dueTimes {
			return time.Time{}, false, err
		}
		second := due[dueTimes-1].At
		return second, !now.Before(second.Add(time.Duration(p.Schedule.Jitter)*time.Second + startTimeout)), nil
	}
	instances := slices.Clone(p.Instances)
	slices.SortStableFunc(instances, func(a, b string) int { return p.from(good, a).Compare(p.from(good, b)) })
	var out []OverdueInstance
	for _, id := range instances {
		since, is, err := late(p.from(good, id))
		if err != nil || !is { // those after it wait less
			return out, err
		}
		o := OverdueInstance{Instance: id, Since: since}
		if last, ok := good[p.ID][id]; ok {
			o.LastGood = &last
		}
		out = append(out, o)
	}
	return out, nil
}

// from is when the due times of an instance begin to count.
func (p PlanStatus) from(good LastGoodBackups, id string) time.Time {
	from := p.CreatedAt
	for _, t := range []time.Time{p.ChangedAt, good[p.ID][id]} {
		if t.After(from) {
			from = t
		}
	}
	return from
}
