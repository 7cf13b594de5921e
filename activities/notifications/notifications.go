// Package notifications holds the activities that send notifications about backup plans.
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

// Activities prepares notifications and delivers them.
type Activities struct {
	Notifier *notification.Notifier
	Cloud    *openstack.Cloud
	Runs     task.Lister // nil knows of none
}

// PreparedNotification is a notification that is ready to be sent.
type PreparedNotification struct {
	Notification notification.Notification
	Channels     []notification.Channel // none: there is nothing to send, or nobody to send it to
}

// PrepareNotification says where the notification goes, with the instances' names in it. A recovery is one only if the
// run before had failed. It is a read.
func (a *Activities) PrepareNotification(ctx context.Context, n notification.Notification) (PreparedNotification, error) {
	out := PreparedNotification{Notification: n, Channels: a.Notifier.Channels()}
	if len(out.Channels) == 0 {
		return out, nil
	}
	if n.Kind == notification.Recovered {
		failed, err := a.failedBefore(ctx, n)
		if err != nil || !failed {
			return PreparedNotification{Notification: n}, err
		}
	}
	out.Notification = a.named(ctx, n).Truncate()
	return out, nil
}

// maxRunsChecked is how many runs of a plan are looked at for one that was not cancelled.
const maxRunsChecked = 50

// failedBefore reports whether the last run of the plan before this one, of those that came to an end of
// their own, has failed.
func (a *Activities) failedBefore(ctx context.Context, n notification.Notification) (bool, error) {
	if a.Runs == nil {
		return false, nil
	}
	page, err := a.Runs.List(ctx, task.Filter{Operation: "backup.run", Target: backup.PlanKind + ":" + n.Plan.ID, PageSize: maxRunsChecked})
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
func (a *Activities) named(ctx context.Context, n notification.Notification) notification.Notification {
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
		activity.GetLogger(ctx).Info("A notification names instances by their ids", "error", err)
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

// DeliverNotificationInput is a notification for one channel.
type DeliverNotificationInput struct {
	Channel      string
	Notification notification.Notification
}

// DeliverNotification sends a notification to one channel. A repeat carries the same id, by which its receiver knows
// that it is one.
func (a *Activities) DeliverNotification(ctx context.Context, in DeliverNotificationInput) error {
	return a.Notifier.Deliver(ctx, in.Channel, in.Notification)
}

// SendTestNotification sends a notification to every channel, once, and tells how that went. A repeat carries the same id.
func (a *Activities) SendTestNotification(ctx context.Context, n notification.Notification) ([]notification.DeliveryAttempt, error) {
	channels := a.Notifier.Channels()
	if len(channels) == 0 {
		return nil, fault.New(fault.Invalid, nil, "there is nowhere to send notifications to: set notification-mail-to or notification-webhook-urls")
	}
	out := make([]notification.DeliveryAttempt, len(channels))
	var all sync.WaitGroup
	for i, c := range channels {
		all.Go(func() {
			err := a.Notifier.Deliver(ctx, c.ID, n)
			out[i] = notification.DeliveryAttempt{Channel: c, Status: notification.Delivered, AttemptedAt: time.Now().UTC()}
			if err != nil {
				out[i].Status, out[i].Reason = notification.DeliveryFailed, fault.MessageOf(err)
			}
		})
	}
	all.Wait()
	return out, ctx.Err()
}
