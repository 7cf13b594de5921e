package api

import (
	"context"
	"fmt"
	"slices"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

// AgentPath names an agent on an instance.
type AgentPath struct {
	InstancePath
	AppPath
}

type agentRequest struct {
	AgentPath
	IdempotencyHeader
}

func (s *Server) installAgent(ctx context.Context, in *agentRequest) (*Accepted, error) {
	return s.oneAgent(ctx, in, workflows.InstallAgents)
}

func (s *Server) removeAgent(ctx context.Context, in *agentRequest) (*Accepted, error) {
	return s.oneAgent(ctx, in, workflows.RemoveAgents)
}

func (s *Server) oneAgent(ctx context.Context, in *agentRequest, action workflows.AgentAction) (*Accepted, error) {
	i, err := s.enrolled(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.validateAgents(ctx, []string{in.App}, action); err != nil {
		return nil, err
	}
	input := workflows.AgentsInput{Action: action, Apps: []string{in.App}, Instances: []string{i.ID}, Locked: true}
	return s.start(ctx, in.IdempotencyHeader, "agent."+string(action), input, in.App, instanceTarget(i.ID, i.Name))
}

// validateAgents rejects apps that have no agent and, for an installation, apps that are not installed.
func (s *Server) validateAgents(ctx context.Context, names []string, action workflows.AgentAction) error {
	for _, name := range names {
		a, err := s.Apps.GetFresh(ctx, name)
		switch {
		case err != nil:
			return err
		case !a.Agent.Supported:
			return fault.InvalidField("app", "%s has no agent", a.Title)
		case action == workflows.InstallAgents && a.Revision == 0:
			return fault.New(fault.Conflict, nil, "%s is not installed: launch it first, its agents report to it", a.Title)
		}
	}
	return nil
}

// BatchAgentsRequest selects the agents and instances of one task.
type BatchAgentsRequest struct {
	Instances []string              `json:"instances" minItems:"1" maxItems:"1000" uniqueItems:"true"`
	Apps      []string              `json:"apps" minItems:"1" maxItems:"20" uniqueItems:"true"`
	Action    workflows.AgentAction `json:"action" enum:"install,remove,check"`
}

func (s *Server) batchAgents(ctx context.Context, in *struct {
	IdempotencyHeader
	Body BatchAgentsRequest
}) (*Accepted, error) {
	targets, err := s.batchTargets(ctx, in.Body.Instances)
	if err != nil {
		return nil, err
	}
	if err := s.validateAgents(ctx, in.Body.Apps, in.Body.Action); err != nil {
		return nil, err
	}
	input := workflows.AgentsInput{Action: in.Body.Action, Apps: in.Body.Apps, Instances: in.Body.Instances}
	return s.startMany(ctx, in.IdempotencyHeader, "agent."+string(in.Body.Action), input, in.Body, targets)
}

// batchTargets returns the instances as targets with their names. Its error has one entry for each instance that
// is unknown or not enrolled.
func (s *Server) batchTargets(ctx context.Context, ids []string) ([]operation.Target, error) {
	all, err := s.Instances.List(ctx)
	if err != nil {
		return nil, err
	}
	var targets []operation.Target
	refusal := &fault.Error{Kind: fault.Invalid, Message: i18n.Messagef("some instances cannot be used")}
	for n, id := range ids {
		at := slices.IndexFunc(all, func(i instance.Instance) bool { return i.ID == id })
		var reason i18n.Message
		switch {
		case at < 0:
			reason = i18n.Messagef("there is no such instance")
		case !all[at].Enrolled:
			reason = i18n.Messagef("the instance is not enrolled")
		default:
			targets = append(targets, instanceTarget(id, all[at].Name))
		}
		if !reason.IsZero() {
			refusal.Fields = append(refusal.Fields, fault.Field{Field: fmt.Sprintf("instances[%d]", n), Message: reason})
		}
	}
	if len(refusal.Fields) > 0 {
		return nil, refusal
	}
	return targets, nil
}
