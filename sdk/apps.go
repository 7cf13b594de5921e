package sdk

import (
	"context"
	"io"
	"net/http"
)

// Operations on apps.

// ListApps returns the apps of the catalogue with their health.
func (c *Client) ListApps(ctx context.Context) (AppList, error) {
	return get[AppList](ctx, c, "/apps", nil)
}

// GetApp returns an app with its volume and settings.
func (c *Client) GetApp(ctx context.Context, app string) (App, error) {
	return get[App](ctx, c, path("apps", app), nil)
}

// GetAppIcon returns the icon of an app as SVG. The caller closes the reader.
func (c *Client) GetAppIcon(ctx context.Context, app string) (io.ReadCloser, error) {
	return c.download(ctx, path("apps", app, "icon"), nil)
}

// LaunchApp starts a task that launches an app with its volume, or upgrades it.
func (c *Client) LaunchApp(ctx context.Context, app string, body LaunchAppRequest) (Task, error) {
	return c.start(ctx, http.MethodPost, path("apps", app, "launch"), body)
}

// PlanApp returns what a launch or an upgrade would change.
func (c *Client) PlanApp(ctx context.Context, app string, query PlanAppParams) (AppUpgradeDiff, error) {
	return get[AppUpgradeDiff](ctx, c, path("apps", app, "plan"), query)
}

// ListAppRevisions returns the Helm revisions of an app.
func (c *Client) ListAppRevisions(ctx context.Context, app string) (AppRevisions, error) {
	return get[AppRevisions](ctx, c, path("apps", app, "revisions"), nil)
}

// ConfigureApp starts a task that changes the settings of an app. With an etag of GetApp, the request fails when the
// settings have changed since; "" skips the comparison.
func (c *Client) ConfigureApp(ctx context.Context, app, etag string, body AppSettings) (Task, error) {
	return do[Task](ctx, c, call{method: http.MethodPut, path: path("apps", app, "settings"), body: body, header: ifMatch(etag), idempotent: true})
}

// StopApp starts a task that stops an app and keeps its volume.
func (c *Client) StopApp(ctx context.Context, app string) (Task, error) {
	return c.start(ctx, http.MethodPost, path("apps", app, "stop"), nil)
}

// UninstallApp starts a task that uninstalls an app.
func (c *Client) UninstallApp(ctx context.Context, app string, body UninstallAppRequest) (Task, error) {
	return c.start(ctx, http.MethodPost, path("apps", app, "uninstall"), body)
}
