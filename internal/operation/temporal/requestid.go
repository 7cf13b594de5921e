package temporal

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

type requestID struct{}

// WithRequestID gives the workflow start under ctx an id of its own: Temporal answers a second start of
// the same workflow id with the run that the first one made, also when that has ended. An empty id
// leaves the SDK's, which is new each time.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestID{}, id)
}

// setRequestID is a gRPC interceptor because the SDK has no option for it.
// https://github.com/temporalio/api/blob/master/temporal/api/workflowservice/v1/request_response.proto
func setRequestID(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	id, _ := ctx.Value(requestID{}).(string)
	if start, ok := request.(*workflowservice.StartWorkflowExecutionRequest); ok && id != "" {
		start.RequestId = id
	}
	return invoke(ctx, method, request, reply, c, options...)
}
