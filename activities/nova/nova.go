// Package nova holds the activities that drive OpenStack Compute.
package nova

import (
	"context"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Activities drives Nova for the managed project.
type Activities struct {
	Cloud        *openstack.Cloud
	PollInterval time.Duration // between two polls
}

// DeleteOrphanedServersInput names a deleted stack.
type DeleteOrphanedServersInput struct{ Stack string }

// DeleteOrphanedServers deletes servers with the stack's metadata that remain after Heat has deleted the stack, and waits
// until they no longer exist. It is idempotent and tolerates absence.
// https://docs.openstack.org/api-ref/compute/#delete-server
func (a *Activities) DeleteOrphanedServers(ctx context.Context, in DeleteOrphanedServersInput) (i18n.Message, error) {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return i18n.Message{}, err
	}
	c, err := s.Compute()
	if err != nil {
		return i18n.Message{}, err
	}
	deleted := map[string]bool{}
	err = operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		left, err := s.StackServers(ctx, in.Stack)
		if err != nil {
			return false, i18n.Message{}, err
		}
		for _, server := range left {
			if deleted[server.ID] {
				continue
			}
			if err := s.Fault("nova", servers.Delete(ctx, c, server.ID).ExtractErr()); err != nil && fault.KindOf(err) != fault.NotFound {
				return false, i18n.Message{}, err
			}
			deleted[server.ID] = true
		}
		return len(left) == 0, i18n.Messagef("%d servers are left", len(left)), nil
	})
	if len(deleted) == 0 {
		return i18n.Message{}, err
	}
	return i18n.Messagef("deleted %d leftover servers", len(deleted)), err
}
