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
	List(ctx context.Context, after string, n int) (list []backup.PlanStatus, more bool, err error)
}

// CheckPlanHealthInput is what the look before has seen, by plan; nil when there was none.
type CheckPlanHealthInput struct {
	Before map[string]backup.PlanObservation
}

// CheckPlanHealthResult is what a look at all plans has seen, and what it has to tell.
type CheckPlanHealthResult struct {
	Observation map[string]backup.PlanObservation
	Alerts      []notification.Notification
}

const maxConcurrentPlans = 500

// CheckPlanHealth says which plans have missed runs since the look before, and which have become stale. It asks
// the cloud for one list of all backups; without it nothing is said of staleness this time. It is a read.
func (a *Activities) CheckPlanHealth(ctx context.Context, in CheckPlanHealthInput) (CheckPlanHealthResult, error) {
	out := CheckPlanHealthResult{Observation: map[string]backup.PlanObservation{}}
	running, err := a.running(ctx)
	if err != nil {
		return out, err
	}
	all, unseen := a.Reader.List(ctx)
	if unseen != nil {
		activity.GetLogger(ctx).Warn("Stale plans are not looked for this time", "error", unseen)
	}
	good := backup.LastGoodOf(all)
	for after, more := "", true; more; {
		var list []backup.PlanStatus
		if list, more, err = a.Plans.List(ctx, after, maxConcurrentPlans); err != nil {
			return out, err
		}
		for _, p := range list {
			after = p.ID
			var overdue []backup.OverdueInstance
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
func (l *CheckPlanHealthResult) add(p backup.PlanStatus, all map[string]backup.PlanObservation, overdue []backup.OverdueInstance, judged bool) error {
	var before *backup.PlanObservation
	if s, known := all[p.ID]; known {
		before = &s
	}
	seen, news, err := p.Diff(before, all == nil, overdue, time.Now())
	if err != nil {
		return err
	}
	if !judged && before != nil {
		seen.OverdueSince, seen.NotifiedUntil = before.OverdueSince, before.NotifiedUntil
	}
	l.Observation[p.ID] = seen
	l.Alerts = append(l.Alerts, notificationsFor(p, seen, news, overdue)...)
	return nil
}

// running are the plans of which a run is going on.
func (a *Activities) running(ctx context.Context) (map[string]bool, error) {
	page, err := a.Runs.List(ctx, task.Filter{Operation: "backup.run", PageSize: maxConcurrentPlans})
	out := map[string]bool{}
	for _, t := range page.Items {
		if !t.Status.Closed() && len(t.Targets) > 0 {
			out[t.Targets[0].ID] = true
		}
	}
	return out, err
}

// notificationsFor makes notifications of what is new, whose ids are the same whoever finds it.
func notificationsFor(p backup.PlanStatus, seen backup.PlanObservation, news backup.PlanAlerts, overdue []backup.OverdueInstance) []notification.Notification {
	var out []notification.Notification
	plan := notification.Plan{ID: p.ID, Name: p.Name}
	if news.Missed > 0 {
		out = append(out, notification.Notification{ID: fmt.Sprintf("missed-%s-%d", p.ID, seen.Until.Unix()), Kind: notification.Missed, Plan: plan, Missed: news.Missed})
	}
	if news.Overdue {
		n := notification.Notification{ID: fmt.Sprintf("overdue-%s-%d", p.ID, seen.OverdueSince.Unix()), Kind: notification.Overdue, Plan: plan, Since: seen.OverdueSince}
		for _, o := range overdue {
			n.Instances = append(n.Instances, notification.Instance{ID: o.Instance, Name: o.Instance, Reason: lastGood(o)})
		}
		out = append(out, n)
	}
	return out
}

func lastGood(o backup.OverdueInstance) string {
	if o.LastGood == nil {
		return "no backup of this plan yet"
	}
	return fmt.Sprintf("last good backup %s", o.LastGood.UTC().Format("2006-01-02 15:04 UTC"))
}
