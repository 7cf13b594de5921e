package backups

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation/task"
)

// Plans lists backup plans.
type Plans interface {
	List(ctx context.Context, after string, n int) (list []backup.Planned, more bool, err error)
}

// LookInput is what the look before has seen, by plan; nil when there was none.
type LookInput struct{ Before map[string]backup.Seen }

// PlansLook is what a look at all plans has seen, and what it has to tell.
type PlansLook struct {
	Seen map[string]backup.Seen
	News []notification.Notice
}

const plansAtOnce = 500

// LookAtPlans says which plans have missed runs since the look before, and which have become stale. It asks
// the cloud for one list of all backups; without it nothing is said of staleness this time. It is a read.
func (a *Activities) LookAtPlans(ctx context.Context, in LookInput) (PlansLook, error) {
	out := PlansLook{Seen: map[string]backup.Seen{}}
	running, err := a.running(ctx)
	if err != nil {
		return out, err
	}
	all, unseen := a.Reader.List(ctx)
	if unseen != nil {
		activity.GetLogger(ctx).Warn("Stale plans are not looked for this time", "error", unseen)
	}
	good := backup.GoodOf(all)
	for after, more := "", true; more; {
		var list []backup.Planned
		if list, more, err = a.Plans.List(ctx, after, plansAtOnce); err != nil {
			return out, err
		}
		for _, p := range list {
			after = p.ID
			var overdue []backup.Overdue
			if unseen == nil {
				if overdue, err = p.Overdue(good, running[p.ID], time.Now()); err != nil {
					return out, err
				}
			}
			if err := out.add(p, in.Before, overdue, unseen == nil); err != nil {
				return out, err
			}
		}
		more = more && len(list) > 0
	}
	return out, nil
}

// add compares one plan with what was seen of it before.
func (l *PlansLook) add(p backup.Planned, all map[string]backup.Seen, overdue []backup.Overdue, judged bool) error {
	var before *backup.Seen
	if s, known := all[p.ID]; known {
		before = &s
	}
	seen, news, err := p.Compare(before, all == nil, overdue, time.Now())
	if err != nil {
		return err
	}
	if !judged && before != nil {
		seen.Stale, seen.Told = before.Stale, before.Told
	}
	l.Seen[p.ID] = seen
	l.News = append(l.News, noticesOf(p, seen, news, overdue)...)
	return nil
}

// running are the plans of which a run is going on.
func (a *Activities) running(ctx context.Context) (map[string]bool, error) {
	page, err := a.Runs.List(ctx, task.Filter{Operation: "backup.run", PageSize: plansAtOnce})
	out := map[string]bool{}
	for _, t := range page.Items {
		if !t.Status.Closed() && len(t.Targets) > 0 {
			out[t.Targets[0].ID] = true
		}
	}
	return out, err
}

// noticesOf makes notices of what is new, whose ids are the same whoever finds it.
func noticesOf(p backup.Planned, seen backup.Seen, news backup.News, overdue []backup.Overdue) []notification.Notice {
	var out []notification.Notice
	plan := notification.Plan{ID: p.ID, Name: p.Name}
	if news.Missed > 0 {
		out = append(out, notification.Notice{ID: fmt.Sprintf("missed-%s-%d", p.ID, seen.Until.Unix()), Kind: notification.Missed, Plan: plan, Missed: news.Missed})
	}
	if news.Stale {
		n := notification.Notice{ID: fmt.Sprintf("stale-%s-%d", p.ID, seen.Stale.Unix()), Kind: notification.Stale, Plan: plan, Since: seen.Stale}
		for _, o := range overdue {
			n.Instances = append(n.Instances, notification.Instance{ID: o.Instance, Name: o.Instance, Reason: lastGood(o)})
		}
		out = append(out, n)
	}
	return out
}

func lastGood(o backup.Overdue) string {
	if o.LastGood == nil {
		return "no backup of this plan yet"
	}
	return fmt.Sprintf("last good backup %s", o.LastGood.UTC().Format("2006-01-02 15:04 UTC"))
}
