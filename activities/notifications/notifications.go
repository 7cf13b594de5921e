// Package notices holds the activities that tell what became of backup plans.
package notifications

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

// Activities prepares notices and delivers them.
type Activities struct {
	Sender *notification.Sender
	Cloud  *openstack.Cloud
	Runs   task.Lister // nil knows of none
}

// Prepared is a notice that is ready to be sent.
type Prepared struct {
	Notice   notification.Notice
	Channels []notification.Channel // none: there is nothing to send, or nobody to send it to
}

// PrepareNotice says where the notice goes, with the instances' names in it. A recovery is one only if the
// run before had failed. It is a read.
func (a *Activities) PrepareNotice(ctx context.Context, n notification.Notice) (Prepared, error) {
	out := Prepared{Notice: n, Channels: a.Sender.Channels()}
	if len(out.Channels) == 0 {
		return out, nil
	}
	if n.Kind == notification.Recovered {
		failed, err := a.failedBefore(ctx, n)
		if err != nil || !failed {
			return Prepared{Notice: n}, err
		}
	}
	out.Notice = a.named(ctx, n).Bounded()
	return out, nil
}

// runsLookedAt is how many runs of a plan are looked at for one that was not cancelled.
const runsLookedAt = 50

// failedBefore reports whether the last run of the plan before this one, of those that came to an end of
// their own, has failed.
func (a *Activities) failedBefore(ctx context.Context, n notification.Notice) (bool, error) {
	if a.Runs == nil {
		return false, nil
	}
	page, err := a.Runs.List(ctx, task.Filter{Operation: "backup.run", Target: backup.PlanKind + ":" + n.Plan.ID, PageSize: runsLookedAt})
	if err != nil {
		return false, err
	}
	var own time.Time
	for _, t := range page.Items {
		if t.ID == n.Task {
			own = t.StartedAt
		}
	}
	var last *task.Task
	for i, t := range page.Items {
		switch {
		case t.ID == n.Task, t.Status == operation.Cancelled, !t.Status.Closed():
		case !own.IsZero() && t.StartedAt.After(own): // it has run since, and tells for itself
		case last == nil || t.StartedAt.After(last.StartedAt):
			last = &page.Items[i]
		}
	}
	return last != nil && last.Status != operation.Succeeded, nil
}

// named gives the instances their names, with one list for all. Without the cloud their ids must do.
func (a *Activities) named(ctx context.Context, n notification.Notice) notification.Notice {
	if len(n.Instances) == 0 {
		return n
	}
	names := map[string]string{}
	s, err := a.Cloud.Manager(ctx)
	if err == nil {
		servers, e := s.Servers(ctx)
		for _, server := range servers {
			names[server.ID] = server.Name
		}
		err = e
	}
	if err != nil {
		activity.GetLogger(ctx).Info("A notice names instances by their ids", "error", err)
	}
	instances := n.Instances
	n.Instances = nil
	for _, i := range instances {
		if names[i.ID] != "" {
			i.Name = names[i.ID]
		}
		n.Instances = append(n.Instances, i)
	}
	return n
}

// DeliverInput is a notice for one channel.
type DeliverInput struct {
	Channel string
	Notice  notification.Notice
}

// DeliverNotice sends a notice to one channel. A repeat carries the same id, by which its receiver knows
// that it is one.
func (a *Activities) DeliverNotice(ctx context.Context, in DeliverInput) error {
	return a.Sender.Deliver(ctx, in.Channel, in.Notice)
}

// TryNotice sends a notice to every channel, once, and tells how that went. A repeat carries the same id.
func (a *Activities) TryNotice(ctx context.Context, n notification.Notice) ([]notification.Outcome, error) {
	channels := a.Sender.Channels()
	if len(channels) == 0 {
		return nil, fault.New(fault.Invalid, nil, "there is nowhere to send notices to: set notice-mail-to or notice-webhook-urls")
	}
	out := make([]notification.Outcome, len(channels))
	var all sync.WaitGroup
	for i, c := range channels {
		all.Go(func() {
			err := a.Sender.Deliver(ctx, c.ID, n)
			out[i] = notification.Outcome{Channel: c, Status: notification.Delivered, At: time.Now().UTC()}
			if err != nil {
				out[i].Status, out[i].Why = notification.GivenUp, fault.MessageOf(err)
			}
		})
	}
	all.Wait()
	return out, ctx.Err()
}
