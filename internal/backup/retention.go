package backup

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Retention defines how many backups of each instance a plan keeps. A backup is kept if at least one rule selects it.
type Retention struct {
	Last    int `json:"keep_last" required:"false" minimum:"0" maximum:"1000"`
	Daily   int `json:"daily" required:"false" minimum:"0" maximum:"1000"`
	Weekly  int `json:"weekly" required:"false" minimum:"0" maximum:"1000"`
	Monthly int `json:"monthly" required:"false" minimum:"0" maximum:"1000"`
}

// None reports whether the retention has no rules, which means that no backup is ever deleted.
func (r Retention) None() bool { return r == Retention{} }

// RetentionDecision states whether retention keeps a backup, and why.
type RetentionDecision struct {
	Backup Backup `json:"backup"`
	Keep   bool   `json:"keep"`
	Reason string `json:"reason" enum:"last,daily,weekly,monthly,held,last_good,needed,expired,unlimited"`
}

// Apply returns a decision for each backup, newest first. Days, weeks and months are those of zone, the time zone of the plan.
// Regardless of the rules, Apply keeps backups on hold and, of each instance, the newest backup that did not fail its
// verification.
func (r Retention) Apply(backups []Backup, zone *time.Location) []RetentionDecision {
	backups = slices.Clone(backups)
	slices.SortFunc(backups, func(a, b Backup) int { return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	counters := map[string]*keepCounters{}
	decisions := make([]RetentionDecision, 0, len(backups))
	for _, b := range backups {
		if counters[b.Instance] == nil {
			counters[b.Instance] = &keepCounters{}
		}
		reason := counters[b.Instance].keepReason(b, r, zone)
		decisions = append(decisions, RetentionDecision{Backup: b, Keep: reason != "expired", Reason: reason})
	}
	expired := map[string]bool{}
	for _, v := range decisions {
		expired[v.Backup.ID] = !v.Keep
	}
	needed := RequiredByChain(backups, func(b Backup) bool { return expired[b.ID] })
	for i, v := range decisions {
		if needed[v.Backup.ID] {
			decisions[i].Keep, decisions[i].Reason = true, "needed"
		}
	}
	return decisions
}

// RequiredByChain returns the IDs of the backups for which deletable returns true but which must be kept, because a backup
// that is kept depends on them.
func RequiredByChain(all []Backup, deletable func(Backup) bool) map[string]bool {
	byID, needed, visited := map[string]Backup{}, map[string]bool{}, map[string]bool{}
	for _, b := range all {
		byID[b.ID] = b
	}
	for _, b := range all {
		if deletable(b) {
			continue
		}
		for child := b; child.Parent != ""; {
			id := FileBackupID(child.Instance, child.Parent)
			parent, found := byID[id]
			if !found || visited[id] {
				break
			}
			visited[id] = true
			if deletable(parent) {
				needed[id] = true
			}
			child = parent
		}
	}
	return needed
}

// keepCounters counts the backups that each rule has kept for one instance, from the newest backup to the oldest.
type keepCounters struct {
	good                         bool
	last, daily, weekly, monthly int
	day, week, month             string
}

func (k *keepCounters) keepReason(b Backup, r Retention, zone *time.Location) string {
	at := b.CreatedAt.In(zone)
	good := b.VerifyStatus != VerifyFailed
	first := good && !k.good
	k.good = k.good || good
	reason := ""
	keep := func(name string, limit int, count *int, period *string, now string) {
		if *count < limit && *period != now {
			*count, *period = *count+1, now
			reason = cmp.Or(reason, name)
		}
	}
	if k.last < r.Last {
		k.last++
		reason = "last"
	}
	year, week := at.ISOWeek()
	keep("daily", r.Daily, &k.daily, &k.day, at.Format(time.DateOnly))
	keep("weekly", r.Weekly, &k.weekly, &k.week, fmt.Sprintf("%d-%d", year, week))
	keep("monthly", r.Monthly, &k.monthly, &k.month, at.Format("2006-01"))
	switch {
	case r.None():
		return "unlimited"
	case reason != "":
		return reason
	case b.Held:
		return "held"
	case first:
		return "last_good"
	}
	return "expired"
}

// ApplyRetention applies the retention to the backups in all that the plan made. Snapshots made before a restore do not belong
// to a plan and are ignored.
func (p Plan) ApplyRetention(all []Backup) ([]RetentionDecision, error) {
	zone, err := p.Schedule.Zone()
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(b Backup) bool { return b.Plan != p.ID || b.PreRestore })
	return p.Retention.Apply(own, zone), nil
}
