package temporal

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

type requestID struct{}

// WithRequestID returns a context that sets the request ID of a workflow start. A second start with the same workflow ID
// and request ID returns the first run, even if that run has ended. If id is empty, the SDK generates a new request ID for
// each start.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestID{}, id)
}

// setRequestID is a gRPC interceptor that sets the request ID, because the SDK has no option for it.
// https://github.com/temporalio/api/blob/master/temporal/api/workflowservice/v1/request_response.proto
func setRequestID(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	id, _ := ctx.Value(requestID{}).(string)
	if start, ok := request.(*workflowservice.StartWorkflowExecutionRequest); ok && id != "" {
		start.RequestId = id
	}
	return invoke(ctx, method, request, reply, c, options...)
}
