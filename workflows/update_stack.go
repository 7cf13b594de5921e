package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/stack"
)

// UpdateStackInput is what changes.
type UpdateStackInput struct {
	Name      string        `json:"name"`
	Changes   stack.Changes `json:"changes"`
	UserToken string        `json:"user_token"`
}

// SetUserToken implements flow.TokenUser.
func (in *UpdateStackInput) SetUserToken(token string) { in.UserToken = token }

// UpdateStack has Heat scale the stack or change its flavors, and waits until the cluster answers
// again. An update is not undone: half of it may carry apps already, so a failure keeps what is and
// waits, blocked, for a person.
func UpdateStack(ctx workflow.Context, in UpdateStackInput) (err error) {
	var (
		orchestration *heat.Activities
		k8s           *kubernetes.Activities
	)
	run, err := operation.Begin(ctx, orchestration.UpdateStack, orchestration.AwaitStack, k8s.AwaitCluster)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)

	if err := run.Call(ctx, orchestration.UpdateStack, func() any {
		return heat.UpdateStackInput{Name: in.Name, Changes: in.Changes, UserToken: run.UserToken(in.UserToken)}
	}, nil); err != nil {
		return err
	}
	if err := run.Wait(ctx, stackTimeout, orchestration.AwaitStack, func() any {
		return heat.AwaitStackInput{Name: in.Name, UserToken: run.UserToken(in.UserToken), Resume: run.Retried()}
	}, nil); err != nil {
		return err
	}
	return run.Wait(ctx, clusterTimeout, k8s.AwaitCluster, kubernetes.AwaitClusterInput{}, nil)
}
