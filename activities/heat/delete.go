package heat

import (
	"context"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/stack"
)

// DeleteStack deletes the stack through Heat and waits until it no longer exists. It is idempotent: a missing stack is a
// success, and a deletion in progress is awaited. With TaskID set, it deletes only a stack that this task created.
// DELETE_FAILED is a conflict that names the failed resource.
func (a *Activities) DeleteStack(ctx context.Context, in Ref) error {
	s, err := a.remover(ctx, in.UserToken)
	if err != nil {
		return err
	}
	st, err := a.toDelete(ctx, s, in)
	if st == nil {
		return err
	}
	c, err := s.Orchestration()
	if err != nil {
		return err
	}
	if st.Status != "DELETE_IN_PROGRESS" {
		err := s.Fault("heat", stacks.Delete(ctx, c, st.Name, st.ID).ExtractErr())
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	manager, err := a.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	return a.awaitDeleted(ctx, manager, st.Name, st.ID)
}

// remover prefers the user's token, which can delete the stack's trust. If the token has expired, the manager's credential
// can still delete the stack.
func (a *Activities) remover(ctx context.Context, userToken string) (*openstack.Session, error) {
	s, err := a.as(ctx, userToken)
	if fault.KindOf(err) == fault.Unauthorized {
		return a.Cloud.Manager(ctx)
	}
	return s, err
}

// toDelete returns the stack to delete, or nil.
func (a *Activities) toDelete(ctx context.Context, s *openstack.Session, in Ref) (*stacks.RetrievedStack, error) {
	var (
		st  *stacks.RetrievedStack
		err error
	)
	if in.TaskID != "" {
		st, err = stack.FindByTask(ctx, s, in.TaskID)
	} else {
		st, err = stack.FindByName(ctx, s, in.Name)
	}
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case !stack.Ours(st):
		return nil, fault.New(fault.Forbidden, nil, "the stack %s was not created by this manager", in.Name)
	case st.Status == "DELETE_COMPLETE":
		return nil, nil
	}
	return st, nil
}

func (a *Activities) awaitDeleted(ctx context.Context, s *openstack.Session, name, id string) error {
	c, err := s.Orchestration()
	if err != nil {
		return err
	}
	failed := 0
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		st, err := stacks.Get(ctx, c, name, id).Extract()
		if err = s.Fault("heat", err); fault.KindOf(err) == fault.NotFound {
			return true, i18n.Message{}, nil
		}
		switch {
		case err != nil:
			return false, i18n.Message{}, err
		case st.Status == "DELETE_COMPLETE":
			return true, i18n.Message{}, nil
		case strings.HasSuffix(st.Status, "_FAILED"):
			// Heat reports the failure of an earlier action until it starts this one.
			if failed++; failed > 2 && st.Status == "DELETE_FAILED" {
				return false, i18n.Message{}, failure(stack.FirstFailure(ctx, s, st))
			}
			return false, i18n.Messagef("Heat has not started yet"), nil
		}
		list, err := stack.Resources(ctx, s, st)
		if err != nil {
			return false, i18n.Message{}, err
		}
		return false, i18n.Messagef("Heat: %d resources are left", len(list)), nil
	})
}

func counted(done, total int) i18n.Message {
	return i18n.Messagef("Heat: %d of %d resources are complete", done, total)
}
