package backup

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Retention says which backups of each instance a plan keeps. A backup that any rule keeps stays.
type Retention struct {
	Last    int `json:"keep_last" required:"false" minimum:"0" maximum:"1000"`
	Daily   int `json:"daily" required:"false" minimum:"0" maximum:"1000"`
	Weekly  int `json:"weekly" required:"false" minimum:"0" maximum:"1000"`
	Monthly int `json:"monthly" required:"false" minimum:"0" maximum:"1000"`
}

// None reports whether nothing is ever deleted.
func (r Retention) None() bool { return r == Retention{} }

// RetentionDecision is what becomes of a backup, and why.
type RetentionDecision struct {
	Backup Backup `json:"backup"`
	Keep   bool   `json:"keep"`
	Reason string `json:"reason" enum:"last,daily,weekly,monthly,held,last_good,needed,expired,unlimited"`
}

// Apply says what becomes of each backup, the newest first. Days, weeks and months are those of the
// plan's time zone. Of each instance the newest backup that did not fail its verification stays, whatever
// the rules say, and so does what is held.
func (r Retention) Apply(backups []Backup, zone *time.Location) []RetentionDecision {
	backups = slices.Clone(backups)
	slices.SortFunc(backups, func(a, b Backup) int { return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	seen := map[string]*keepCounters{}
	verdicts := make([]RetentionDecision, 0, len(backups))
	for _, b := range backups {
		if seen[b.Instance] == nil {
			seen[b.Instance] = &keepCounters{}
		}
		reason := seen[b.Instance].keepReason(b, r, zone)
		verdicts = append(verdicts, RetentionDecision{Backup: b, Keep: reason != "expired", Reason: reason})
	}
	goes := map[string]bool{}
	for _, v := range verdicts {
		goes[v.Backup.ID] = !v.Keep
	}
	needed := RequiredByChain(backups, func(b Backup) bool { return goes[b.ID] })
	for i, v := range verdicts {
		if needed[v.Backup.ID] {
			verdicts[i].Keep, verdicts[i].Reason = true, "needed"
		}
	}
	return verdicts
}

// RequiredByChain are the ids of those that were to go but must stay, because one that stays builds on them.
func RequiredByChain(all []Backup, goes func(Backup) bool) map[string]bool {
	by, needed, walked := map[string]Backup{}, map[string]bool{}, map[string]bool{}
	for _, b := range all {
		by[b.ID] = b
	}
	for _, b := range all {
		if goes(b) {
			continue
		}
		for at := b; at.Parent != ""; {
			id := FileBackupID(at.Instance, at.Parent)
			parent, there := by[id]
			if !there || walked[id] {
				break
			}
			walked[id] = true
			if goes(parent) {
				needed[id] = true
			}
			at = parent
		}
	}
	return needed
}

// keepCounters counts what is kept of one instance, walking from its newest backup to the oldest.
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

// ApplyRetention decides on the backups of the plan among all. Safety snapshots do not belong to a plan.
func (p Plan) ApplyRetention(all []Backup) ([]RetentionDecision, error) {
	zone, err := p.Schedule.Zone()
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(b Backup) bool { return b.Plan != p.ID || b.PreRestore })
	return p.Retention.Apply(own, zone), nil
}
