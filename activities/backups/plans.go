package backups

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/platform/i18n"
)

// Plans lists backup plans.
type Plans interface {
	List(ctx context.Context, after string, n int) (list []backup.PlanStatus, more bool, err error)
}

// CheckPlanHealthInput holds the observations of the previous check by plan; nil before the first check.
type CheckPlanHealthInput struct {
	Before map[string]backup.PlanObservation
}

// CheckPlanHealthResult holds the new observations and the notifications to send.
type CheckPlanHealthResult struct {
	Observation map[string]backup.PlanObservation
	Alerts      []notification.Notification
}

const maxConcurrentPlans = 500

// CheckPlanHealth reports plans that have missed runs since the previous check, and plans that have become overdue. It
// requests one list of all backups from the cloud; if that fails, overdue plans are not checked this time. It is a read.
func (a *Activities) CheckPlanHealth(ctx context.Context, in CheckPlanHealthInput) (CheckPlanHealthResult, error) {
	out := CheckPlanHealthResult{Observation: map[string]backup.PlanObservation{}}
	running, err := a.running(ctx)
	if err != nil {
		return out, err
	}
	all, listErr := a.Reader.List(ctx)
	if listErr != nil {
		activity.GetLogger(ctx).Warn("Overdue plans not checked", "error", listErr)
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
			if listErr == nil {
				if overdue, err = p.Overdue(good, running[p.ID], time.Now()); err != nil {
					return out, err
				}
			}
			if err := out.add(p, in.Before, overdue, listErr == nil); err != nil {
				return out, err
			}
		}
		more = more && len(list) > 0
	}
	return out, nil
}

// add compares a plan with its previous observation.
func (l *CheckPlanHealthResult) add(p backup.PlanStatus, all map[string]backup.PlanObservation, overdue []backup.OverdueInstance, checked bool) error {
	var before *backup.PlanObservation
	if s, known := all[p.ID]; known {
		before = &s
	}
	now, alerts, err := p.Diff(before, all == nil, overdue, time.Now())
	if err != nil {
		return err
	}
	if !checked && before != nil {
		now.OverdueSince, now.NotifiedUntil = before.OverdueSince, before.NotifiedUntil
	}
	l.Observation[p.ID] = now
	l.Alerts = append(l.Alerts, notificationsFor(p, now, alerts, overdue)...)
	return nil
}

// running returns the plans with a run in progress.
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

// notificationsFor creates notifications for alerts. Their IDs are deterministic, so that a repeated check sends nothing
// twice.
func notificationsFor(p backup.PlanStatus, now backup.PlanObservation, alerts backup.PlanAlerts, overdue []backup.OverdueInstance) []notification.Notification {
	var out []notification.Notification
	plan := notification.Plan{ID: p.ID, Name: p.Name}
	if alerts.Missed > 0 {
		out = append(out, notification.Notification{ID: fmt.Sprintf("missed-%s-%d", p.ID, now.Until.Unix()), Kind: notification.Missed, Plan: plan, Missed: alerts.Missed})
	}
	if alerts.Overdue {
		n := notification.Notification{ID: fmt.Sprintf("overdue-%s-%d", p.ID, now.OverdueSince.Unix()), Kind: notification.Overdue, Plan: plan, Since: now.OverdueSince}
		for _, o := range overdue {
			n.Instances = append(n.Instances, notification.Instance{ID: o.Instance, Name: o.Instance, Reason: lastGood(o)})
		}
		out = append(out, n)
	}
	return out
}

func lastGood(o backup.OverdueInstance) i18n.Message {
	if o.LastGood == nil {
		return i18n.Messagef("no backup of this plan yet")
	}
	return i18n.Messagef("last good backup %s", o.LastGood.UTC().Format("2006-01-02 15:04 UTC"))
}
