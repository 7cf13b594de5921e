package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/stack"
	"mycloudmanager/workflows"
)

// stackTarget returns the target of the project's only stack; the user chooses its name.
func stackTarget(name string) operation.Target {
	return operation.Target{Kind: "stack", ID: "toolbox", Name: name}
}

func (s *Server) stackRoutes(api huma.API) {
	tags := []string{"Stack"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "getStack", Method: http.MethodGet, Path: "/stack", Tags: tags,
		Summary: "Get the stack"}, s.getStack)
	handle(api, identity.Viewer, huma.Operation{OperationID: "getStackOptions", Method: http.MethodGet, Path: "/stack/options", Tags: tags,
		Summary: "List the options of a deployment"}, s.getStackOptions)
	handle(api, identity.Operator, huma.Operation{OperationID: "preflightStack", Method: http.MethodPost, Path: "/stack/preflight", Tags: tags,
		Summary: "Check quotas and parameters (dry run)"}, s.preflightStack)
	handle(api, identity.Operator, huma.Operation{OperationID: "deployStack", Method: http.MethodPost, Path: "/stack", Tags: tags,
		Summary: "Deploy the stack", DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusConflict}}, s.deployStack)
	handle(api, identity.Operator, huma.Operation{OperationID: "updateStack", Method: http.MethodPatch, Path: "/stack", Tags: tags,
		Summary: "Scale the stack or change its flavors", DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusConflict, http.StatusNotFound}}, s.updateStack)
	handle(api, identity.Operator, huma.Operation{OperationID: "deleteStack", Method: http.MethodDelete, Path: "/stack", Tags: tags,
		Summary: "Delete the stack", DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusConflict, http.StatusNotFound}}, s.deleteStack)
	handle(api, identity.Viewer, huma.Operation{OperationID: "getStackTopology", Method: http.MethodGet, Path: "/stack/topology", Tags: tags,
		Summary: "Get the stack's resources and their dependencies"}, s.getStackTopology)
	handle(api, identity.Viewer, huma.Operation{OperationID: "listStackEvents", Method: http.MethodGet, Path: "/stack/events", Tags: tags,
		Summary: "List stack events, newest first"}, s.listStackEvents)
}

type stackResponse struct{ Body stack.Stack }

func (s *Server) getStack(ctx context.Context, _ *struct{}) (*stackResponse, error) {
	st, err := s.Stacks.Get(ctx)
	if err != nil {
		return nil, err
	}
	st.Reason = st.Reason.Localized(i18n.Language(ctx))
	task, err := s.Tasks.Running(ctx, stackTarget(""))
	if err != nil {
		return nil, err
	}
	if task != "" {
		st.Task = taskURL(task)
		if st.State == stack.Absent {
			st.State, st.Reason = stack.Deploying, i18n.Messagef("the deployment has begun").Localized(i18n.Language(ctx))
		}
	}
	return &stackResponse{st}, nil
}

func (s *Server) getStackOptions(ctx context.Context, _ *struct{}) (*struct{ Body stack.Options }, error) {
	o, err := s.Stacks.Options(ctx)
	return &struct{ Body stack.Options }{o}, err
}

func (s *Server) preflightStack(ctx context.Context, in *struct{ Body stack.Parameters }) (*struct{ Body stack.Report }, error) {
	who := callerOf(ctx)
	report, err := s.Stacks.Preflight(ctx, in.Body, who.Token, who.Restricted)
	for i := range report.Checks {
		report.Checks[i].Detail = report.Checks[i].Detail.Localized(i18n.Language(ctx))
	}
	return &struct{ Body stack.Report }{report}, err
}

func (s *Server) deployStack(ctx context.Context, in *struct {
	IdempotencyHeader
	Body stack.Parameters
}) (*Accepted, error) {
	return s.idempotent(ctx, in.IdempotencyHeader, "stack.deploy", in.Body, stackTarget(in.Body.Name), func() (*Accepted, error) {
		who := callerOf(ctx)
		if err := s.requireFits(ctx, in.Body, who); err != nil {
			return nil, err
		}
		input := workflows.DeployStackInput{Parameters: in.Body, UserToken: who.Token, Restricted: who.Restricted}
		return s.start(ctx, in.IdempotencyHeader, "stack.deploy", input, in.Body, stackTarget(in.Body.Name))
	})
}

// requireFits rejects a deployment that cannot succeed, with one entry for each failed check.
func (s *Server) requireFits(ctx context.Context, p stack.Parameters, who caller) error {
	if task, err := s.Tasks.Running(ctx, stackTarget("")); err != nil || task != "" {
		return err // the start itself reports the conflicting task
	}
	report, err := s.Stacks.Preflight(ctx, p, who.Token, who.Restricted)
	if err != nil || report.OK {
		return err
	}
	if err := report.ServiceError(); err != nil {
		return err
	}
	refusal := &fault.Error{Kind: fault.Invalid, Message: i18n.Messagef("the stack does not fit: see /stack/preflight")}
	for _, c := range report.Checks {
		if c.OK {
			continue
		}
		if c.Limit >= 0 {
			refusal.Kind = fault.Quota
		}
		refusal.Fields = append(refusal.Fields, fault.Field{Field: c.Resource, Message: i18n.Messagef("needed %d, used %d of %d: %s", c.Needed, c.Used, c.Limit, c.Detail)})
	}
	return refusal
}

func (s *Server) updateStack(ctx context.Context, in *struct {
	IdempotencyHeader
	Body stack.Changes
}) (*Accepted, error) {
	if in.Body == (stack.Changes{}) {
		return nil, fault.InvalidField("body", "the request contains no changes")
	}
	return s.idempotent(ctx, in.IdempotencyHeader, "stack.update", in.Body, stackTarget(""), func() (*Accepted, error) {
		name, err := s.Stacks.Name(ctx)
		if err != nil {
			return nil, err
		}
		input := workflows.UpdateStackInput{Name: name, Changes: in.Body, UserToken: callerOf(ctx).Token}
		return s.start(ctx, in.IdempotencyHeader, "stack.update", input, in.Body, stackTarget(name))
	})
}

func (s *Server) deleteStack(ctx context.Context, in *struct {
	IdempotencyHeader
	Confirm string `query:"confirm" maxLength:"255" doc:"the stack's name"`
}) (*Accepted, error) {
	return s.idempotent(ctx, in.IdempotencyHeader, "stack.delete", in.Confirm, stackTarget(in.Confirm), func() (*Accepted, error) {
		name, err := s.Stacks.Name(ctx)
		if err != nil {
			return nil, err
		}
		if in.Confirm != name {
			return nil, fault.InvalidField("confirm", "type the stack's name to delete it")
		}
		input := workflows.DeleteStackInput{Name: name, UserToken: callerOf(ctx).Token}
		return s.start(ctx, in.IdempotencyHeader, "stack.delete", input, in.Confirm, stackTarget(name))
	})
}

func (s *Server) getStackTopology(ctx context.Context, _ *struct{}) (*struct{ Body stack.Topology }, error) {
	t, err := s.Stacks.Topology(ctx)
	return &struct{ Body stack.Topology }{t}, err
}

// StackEvents lists the events of the stack.
type StackEvents struct {
	Items         []stack.Event `json:"items"`
	NextPageToken string        `json:"next_page_token"`
}

func (s *Server) listStackEvents(ctx context.Context, _ *struct{}) (*struct{ Body StackEvents }, error) {
	events, err := s.Stacks.Events(ctx)
	return &struct{ Body StackEvents }{StackEvents{Items: events}}, err
}
