// Package heat holds the activities that drive OpenStack Orchestration.
package heat

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/stack"
)

// Activities drives Heat for the managed project.
type Activities struct {
	Cloud        *openstack.Cloud
	Template     stack.Template
	PublicKey    string        // the manager's key, one line of authorized_keys
	PollInterval time.Duration // between two polls
}

// as returns a session with the user's own token: Heat creates a trust for every stack, and Keystone refuses trusts to
// application credentials, such as the manager's.
func (a *Activities) as(ctx context.Context, userToken string) (*openstack.Session, error) {
	if userToken == "" {
		return a.Cloud.Manager(ctx)
	}
	s, err := a.Cloud.WithToken(ctx, userToken)
	if fault.KindOf(err) == fault.Unauthorized {
		return nil, fault.New(fault.Unauthorized, err, "your sign-in has ended: sign in again, then press Retry")
	}
	return s, err
}

// PreflightInput describes the requested stack.
type PreflightInput struct {
	Parameters stack.Parameters
	UserToken  string
	Restricted bool
}

// PreflightStack checks quotas and parameters, and returns the parameters with all defaults resolved. It is a read.
func (a *Activities) PreflightStack(ctx context.Context, in PreflightInput) (stack.Parameters, error) {
	s, err := a.as(ctx, in.UserToken)
	if err != nil {
		return in.Parameters, err
	}
	r, err := stack.Preflight(ctx, s, in.Parameters, in.Restricted)
	if err != nil {
		return in.Parameters, err
	}
	if r.OK || r.ServiceError() != nil {
		return r.Parameters, r.ServiceError()
	}
	var lacks []i18n.Message
	kind := fault.Invalid
	for _, c := range r.Checks {
		if !c.OK {
			lacks = append(lacks, i18n.Messagef("%s: %s", c.Resource, c.Detail))
			if c.Limit >= 0 {
				kind = fault.Quota
			}
		}
	}
	return r.Parameters, &fault.Error{Kind: kind, Message: i18n.Join(lacks, "; ")}
}

// CreateStackInput describes one stack; Parameters are complete.
type CreateStackInput struct {
	Parameters stack.Parameters
	UserToken  string
	TaskID     string
}

// Ref identifies one stack.
type Ref struct {
	Name      string
	ID        string
	UserToken string
	TaskID    string
}

// CreateStack creates the stack through Heat. It is idempotent by the task ID in the tags of the stack. Another stack of
// the manager is a conflict: a project has only one.
// https://docs.openstack.org/api-ref/orchestration/v1/#create-stack
func (a *Activities) CreateStack(ctx context.Context, in CreateStackInput) (Ref, error) {
	ref := Ref{Name: in.Parameters.Name}
	s, err := a.as(ctx, in.UserToken)
	if err != nil {
		return ref, err
	}
	st, err := stack.FindByTask(ctx, s, in.TaskID)
	if err == nil {
		ref.ID = st.ID
		return ref, nil
	}
	if fault.KindOf(err) != fault.NotFound {
		return ref, err
	}
	if st, err := stack.Find(ctx, s); err == nil {
		return ref, fault.New(fault.Conflict, nil, "the stack %s (%s) already exists: delete it first", st.Name, st.Status)
	} else if fault.KindOf(err) != fault.NotFound {
		return ref, err
	}
	secrets, err := a.newSecrets(ctx, s, in)
	if err != nil {
		return ref, err
	}
	c, err := s.Orchestration()
	if err != nil {
		return ref, err
	}
	parameters := in.Parameters.Values()
	maps.Copy(parameters, secrets.parameters)
	created, err := stacks.Create(ctx, c, stack.Request{
		Name: in.Parameters.Name, Template: a.Template, Parameters: parameters,
		Tags: []string{stack.Tag, stack.TaskTag(in.TaskID), stack.HostKeyTag + secrets.hostKeyPrint},
	}).Extract()
	if err != nil {
		return ref, s.Fault("heat", err)
	}
	ref.ID = created.ID
	return ref, nil
}

// UpdateStackInput changes one stack.
type UpdateStackInput struct {
	Name      string
	Changes   stack.Changes
	UserToken string
}

// UpdateStack changes the stack's parameters through Heat. It is idempotent: the same values change nothing, and an update
// in progress is left running.
func (a *Activities) UpdateStack(ctx context.Context, in UpdateStackInput) error {
	s, err := a.as(ctx, in.UserToken)
	if err != nil {
		return err
	}
	st, err := stack.FindByName(ctx, s, in.Name)
	if err != nil {
		return err
	}
	return a.update(ctx, s, st, in.Changes.Values())
}

// update sends parameters, or none to resume a failed action.
func (a *Activities) update(ctx context.Context, s *openstack.Session, st *stacks.RetrievedStack, values map[string]any) error {
	if strings.HasSuffix(st.Status, "_IN_PROGRESS") {
		return nil
	}
	c, err := s.Orchestration()
	if err != nil {
		return err
	}
	err = stacks.UpdatePatch(ctx, c, st.Name, st.ID, stack.Request{Template: a.Template, Parameters: values, Tags: st.Tags}).ExtractErr()
	return s.Fault("heat", err)
}

// AwaitStackInput selects the stack action to wait for.
type AwaitStackInput struct {
	Name      string
	UserToken string
	Resume    bool // the user pressed Retry: resume a failed stack
}

// AwaitStack waits until Heat has finished creating or updating the stack. A failure names the first failed resource with
// the cloud's own message; its kind is conflict or quota, which a user can resolve. With Resume, it first resumes a failed
// action. It is idempotent: an update in progress is not an error.
func (a *Activities) AwaitStack(ctx context.Context, in AwaitStackInput) error {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	if in.Resume {
		if err := a.resume(ctx, in); err != nil {
			return err
		}
	}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		st, err := stack.FindByName(ctx, s, in.Name)
		if err != nil {
			return false, i18n.Message{}, err
		}
		switch {
		case strings.HasSuffix(st.Status, "_COMPLETE"):
			return true, i18n.Message{}, nil
		case strings.HasSuffix(st.Status, "_FAILED"):
			return false, i18n.Message{}, failure(stack.FirstFailure(ctx, s, st))
		}
		list, err := stack.Resources(ctx, s, st)
		if err != nil {
			return false, i18n.Message{}, err
		}
		return false, counted(stack.Count(list)), nil
	})
}

func (a *Activities) resume(ctx context.Context, in AwaitStackInput) error {
	s, err := a.as(ctx, in.UserToken)
	if err != nil {
		return err
	}
	st, err := stack.FindByName(ctx, s, in.Name)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(st.Status, "_FAILED") {
		return nil
	}
	return a.update(ctx, s, st, map[string]any{})
}

// failure derives the fault kind from the cloud's message.
func failure(reason string) error {
	if openstack.QuotaText(reason) {
		return fault.New(fault.Quota, nil, "%s", reason)
	}
	return fault.New(fault.Conflict, nil, "%s", reason)
}
