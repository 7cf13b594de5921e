package temporal

import (
	"context"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

type conflictToken struct{}

// WithConflictToken returns a context for one update of a schedule by the SDK, which describes the schedule and then writes it.
// Temporal drops the update, without an error, if the schedule has changed in between.
func WithConflictToken(ctx context.Context) context.Context {
	return context.WithValue(ctx, conflictToken{}, new([]byte))
}

// setConflictToken is a gRPC interceptor, because the SDK sends no conflict token. It passes the token of the description to the
// update. https://github.com/temporalio/api/blob/master/temporal/api/workflowservice/v1/request_response.proto
func setConflictToken(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	token, _ := ctx.Value(conflictToken{}).(*[]byte)
	if token == nil {
		return invoke(ctx, method, request, reply, c, options...)
	}
	if update, ok := request.(*workflowservice.UpdateScheduleRequest); ok {
		update.ConflictToken = *token
	}
	err := invoke(ctx, method, request, reply, c, options...)
	if described, ok := reply.(*workflowservice.DescribeScheduleResponse); ok && err == nil {
		*token = described.ConflictToken
	}
	return err
}
