package backup

import (
	"slices"
	"time"
)

// OverdueInstance is an instance of a plan that has no good backup after two consecutive due times.
type OverdueInstance struct {
	Instance string     `json:"instance"`
	Since    time.Time  `json:"since" doc:"second of the two due times without a backup"`
	LastGood *time.Time `json:"last_backup_at" nullable:"true" doc:"null when this plan has made no good backup of the instance"`
}

// LastGoodBackups holds the creation time of the newest good backup by plan ID and instance ID. Backups that failed
// verification are not good. Backups made before a restore do not belong to a plan and are ignored.
type LastGoodBackups map[string]map[string]time.Time

// LastGoodOf returns the newest good backup of each plan and instance in all.
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
	// dueTimes is the number of consecutive due times without a backup after which an instance is overdue.
	dueTimes = 2
	// startTimeout is the delay after the due time and the plan's jitter within which a run must start.
	startTimeout = time.Minute
)

// Overdue returns the overdue instances of the plan, longest overdue first. It returns none while the plan is paused, and
// none while a run is in progress, because the run may create the missing backups. Due times are counted from the last good
// backup or from the last change of the plan (created, edited, resumed), whichever is later.
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
	slices.SortStableFunc(instances, func(a, b string) int { return p.countFrom(good, a).Compare(p.countFrom(good, b)) })
	var out []OverdueInstance
	for _, id := range instances {
		since, overdue, err := late(p.countFrom(good, id))
		if err != nil || !overdue { // the remaining instances have later due times
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

// countFrom returns the time from which the due times of an instance are counted.
func (p PlanStatus) countFrom(good LastGoodBackups, id string) time.Time {
	from := p.CreatedAt
	for _, t := range []time.Time{p.ChangedAt, good[p.ID][id]} {
		if t.After(from) {
			from = t
		}
	}
	return from
}
