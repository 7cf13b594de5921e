package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/stack"
)

// UpdateStackInput holds the changes of the stack.
type UpdateStackInput struct {
	Name      string        `json:"name"`
	Changes   stack.Changes `json:"changes"`
	UserToken string        `json:"user_token"`
}

// SetUserToken implements operation.TokenUser.
func (in *UpdateStackInput) SetUserToken(token string) { in.UserToken = token }

// UpdateStack scales the stack or changes its flavors through Heat, and waits until the cluster responds. An update is
// not rolled back, because new nodes may already run apps: after a failure the task blocks until a user decides.
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
