package sdk

import (
	"context"
	"io"
	"net/http"
)

// Operations on instances, their agents and their enrollment.

// ListInstances returns one page of the instances of the project.
func (c *Client) ListInstances(ctx context.Context, query ListInstancesParams) (InstanceList, error) {
	return get[InstanceList](ctx, c, "/instances", query)
}

// GetInstance returns an instance with its agents.
func (c *Client) GetInstance(ctx context.Context, id string) (Instance, error) {
	return get[Instance](ctx, c, path("instances", id), nil)
}

// UnenrollInstance starts a task that unenrolls an instance.
func (c *Client) UnenrollInstance(ctx context.Context, id string) (Task, error) {
	return c.start(ctx, http.MethodDelete, path("instances", id), nil)
}

// ConnectInstance starts a task that connects the subnet of an instance to the stack.
func (c *Client) ConnectInstance(ctx context.Context, id string) (Task, error) {
	return c.start(ctx, http.MethodPost, path("instances", id, "connect"), nil)
}

// InstallAgent starts a task that installs the agent of an app on an instance.
func (c *Client) InstallAgent(ctx context.Context, id, app string) (Task, error) {
	return c.start(ctx, http.MethodPut, path("instances", id, "agents", app), nil)
}

// RemoveAgent starts a task that removes the agent of an app from an instance.
func (c *Client) RemoveAgent(ctx context.Context, id, app string) (Task, error) {
	return c.start(ctx, http.MethodDelete, path("instances", id, "agents", app), nil)
}

// BatchAgents starts a task that installs, removes or checks agents on several instances.
func (c *Client) BatchAgents(ctx context.Context, body BatchAgentsRequest) (Task, error) {
	return c.start(ctx, http.MethodPost, "/agents:batch", body)
}

// ListRestorePoints returns the backups that an instance can be restored from.
func (c *Client) ListRestorePoints(ctx context.Context, id string) (BackupList, error) {
	return get[BackupList](ctx, c, path("instances", id, "restore-points"), nil)
}

// RestoreInstance starts a task that restores a backup.
func (c *Client) RestoreInstance(ctx context.Context, id string, body RestoreRequest) (Task, error) {
	return c.start(ctx, http.MethodPost, path("instances", id, "restore"), body)
}

// ListEnrollmentTokens returns the enrollment tokens, newest first, without their secrets.
func (c *Client) ListEnrollmentTokens(ctx context.Context) (EnrollmentTokens, error) {
	return get[EnrollmentTokens](ctx, c, "/enrollment-tokens", nil)
}

// CreateEnrollmentToken creates an enrollment token. Its secret is in this response only.
func (c *Client) CreateEnrollmentToken(ctx context.Context, body CreateEnrollmentTokenRequest) (EnrollmentTokenWithSecret, error) {
	return do[EnrollmentTokenWithSecret](ctx, c, call{method: http.MethodPost, path: "/enrollment-tokens", body: body})
}

// RevokeEnrollmentToken revokes an enrollment token.
func (c *Client) RevokeEnrollmentToken(ctx context.Context, id string) error {
	_, err := do[struct{}](ctx, c, call{method: http.MethodDelete, path: path("enrollment-tokens", id)})
	return err
}

// GetEnrollScript returns the enrollment script. The caller closes the reader.
func (c *Client) GetEnrollScript(ctx context.Context) (io.ReadCloser, error) {
	return c.download(ctx, "/enroll.sh", nil)
}

// Enroll requests the enrollment of the server that runs the enrollment script.
func (c *Client) Enroll(ctx context.Context, body EnrollRequest) (StartedEnrollment, error) {
	return do[StartedEnrollment](ctx, c, call{method: http.MethodPost, path: "/enroll", body: body})
}

// GetEnrollStatus returns the progress of an enrollment.
func (c *Client) GetEnrollStatus(ctx context.Context, body EnrollStatusRequest) (EnrollStatus, error) {
	return do[EnrollStatus](ctx, c, call{method: http.MethodPost, path: "/enroll/status", body: body})
}
