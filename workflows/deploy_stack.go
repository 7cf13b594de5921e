package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/stack"
)

const (
	stackTimeout   = 65 * time.Minute // Heat's own timeout is 60 minutes
	clusterTimeout = 30 * time.Minute // every server downloads and starts k3s
)

// DeployStackInput describes the requested stack. The token is short-lived and encrypted by the codec.
type DeployStackInput struct {
	Parameters stack.Parameters `json:"parameters"`
	UserToken  string           `json:"user_token"`
	Restricted bool             `json:"restricted,omitempty"`
}

// SetUserToken implements operation.TokenUser.
func (in *DeployStackInput) SetUserToken(token string) { in.UserToken = token }

// DeployStack checks quotas and parameters, creates the stack through Heat, and waits until the API of the cluster
// responds. After a permanent failure or a cancel, the stack is deleted.
func DeployStack(ctx workflow.Context, in DeployStackInput) (err error) {
	var (
		orchestration *heat.Activities // never dereferenced: only names the activities
		k8s           *kubernetes.Activities
	)
	run, err := operation.Begin(ctx, orchestration.PreflightStack, orchestration.CreateStack, orchestration.AwaitStack, k8s.AwaitCluster)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	task := operation.TaskID(ctx)

	parameters := in.Parameters
	if err := run.Call(ctx, orchestration.PreflightStack, func() any {
		return heat.PreflightInput{Parameters: in.Parameters, UserToken: run.UserToken(in.UserToken), Restricted: in.Restricted}
	}, &parameters); err != nil {
		return err
	}
	made := func() any {
		return heat.Ref{Name: parameters.Name, TaskID: task, UserToken: run.UserToken(in.UserToken)}
	}
	run.Compensate(orchestration.DeleteStackCredential, made)
	run.Compensate(orchestration.DeleteStack, made)
	var ref heat.Ref
	if err := run.Call(ctx, orchestration.CreateStack, func() any {
		return heat.CreateStackInput{Parameters: parameters, UserToken: run.UserToken(in.UserToken), TaskID: task}
	}, &ref); err != nil {
		return err
	}
	run.Result("heat_id", ref.ID)
	if err := run.Wait(ctx, stackTimeout, orchestration.AwaitStack, func() any {
		return heat.AwaitStackInput{Name: parameters.Name, UserToken: run.UserToken(in.UserToken), Resume: run.Retried()}
	}, nil); err != nil {
		return err
	}
	var found kubernetes.AwaitClusterResult
	if err := run.Wait(ctx, clusterTimeout, k8s.AwaitCluster, kubernetes.AwaitClusterInput{Servers: *parameters.Masters + *parameters.Nodes}, &found); err != nil {
		return err
	}
	run.Result("cluster", found.Version)
	return nil
}
