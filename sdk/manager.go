package sdk

import (
	"context"
	"io"
	"net/http"
)

// Operations on the audit log, notifications, the session and the manager itself.

// ListAudit returns one page of the audit log, newest first.
func (c *Client) ListAudit(ctx context.Context, query ListAuditParams) (AuditPage, error) {
	return get[AuditPage](ctx, c, "/audit", query)
}

// ExportAudit returns the audit log as CSV, JSON lines or XLSX. The caller closes the reader.
func (c *Client) ExportAudit(ctx context.Context, query ExportAuditParams) (io.ReadCloser, error) {
	return c.download(ctx, "/audit/export", query)
}

// ListNotifications returns the notification channels with their last delivery.
func (c *Client) ListNotifications(ctx context.Context) (NotificationChannels, error) {
	return get[NotificationChannels](ctx, c, "/notifications", nil)
}

// TestNotifications starts a task that sends a test notification to each channel.
func (c *Client) TestNotifications(ctx context.Context) (Task, error) {
	return c.start(ctx, http.MethodPost, "/notifications/test", nil)
}

// GetInfo returns the name and version of the manager and its sign-in options.
func (c *Client) GetInfo(ctx context.Context) (Info, error) {
	return get[Info](ctx, c, "/info", nil)
}

// GetSession returns the user, project and role of the credential.
func (c *Client) GetSession(ctx context.Context) (Session, error) {
	return get[Session](ctx, c, "/session", nil)
}

// CloseSession closes the session of the credential.
func (c *Client) CloseSession(ctx context.Context) error {
	_, err := do[struct{}](ctx, c, call{method: http.MethodDelete, path: "/session"})
	return err
}
