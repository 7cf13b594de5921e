package sdk

import (
	"context"
	"net/http"
)

// Operations on the toolbox stack.

// GetStack returns the stack with its nodes and the health of its cluster.
func (c *Client) GetStack(ctx context.Context) (Stack, error) {
	return get[Stack](ctx, c, "/stack", nil)
}

// GetStackOptions returns the images, flavors, networks and presets that a deployment can use.
func (c *Client) GetStackOptions(ctx context.Context) (StackOptions, error) {
	return get[StackOptions](ctx, c, "/stack/options", nil)
}

// GetStackTopology returns the resources of the stack and how they are connected.
func (c *Client) GetStackTopology(ctx context.Context) (StackTopology, error) {
	return get[StackTopology](ctx, c, "/stack/topology", nil)
}

// ListStackEvents returns the events of the stack, newest first.
func (c *Client) ListStackEvents(ctx context.Context) (StackEvents, error) {
	return get[StackEvents](ctx, c, "/stack/events", nil)
}

// PreflightStack checks parameters and quotas and changes nothing.
func (c *Client) PreflightStack(ctx context.Context, body StackParameters) (PreflightReport, error) {
	return do[PreflightReport](ctx, c, call{method: http.MethodPost, path: "/stack/preflight", body: body})
}

// DeployStack starts a task that deploys the stack.
func (c *Client) DeployStack(ctx context.Context, body StackParameters) (Task, error) {
	return c.start(ctx, http.MethodPost, "/stack", body)
}

// UpdateStack starts a task that scales the stack or changes its flavors.
func (c *Client) UpdateStack(ctx context.Context, body StackChanges) (Task, error) {
	return c.start(ctx, http.MethodPatch, "/stack", body)
}

// DeleteStack starts a task that deletes the stack. Confirm is the name of the stack.
func (c *Client) DeleteStack(ctx context.Context, query DeleteStackParams) (Task, error) {
	return do[Task](ctx, c, call{method: http.MethodDelete, path: "/stack", query: query, idempotent: true})
}
