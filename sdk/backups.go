package sdk

import (
	"context"
	"net/http"
)

// Operations on backup plans and backups.

// ListBackupPlans returns one page of the backup plans.
func (c *Client) ListBackupPlans(ctx context.Context, query ListBackupPlansParams) (BackupPlans, error) {
	return get[BackupPlans](ctx, c, "/backup-plans", query)
}

// GetBackupPlan returns a backup plan.
func (c *Client) GetBackupPlan(ctx context.Context, id string) (BackupPlan, error) {
	return get[BackupPlan](ctx, c, path("backup-plans", id), nil)
}

// CreateBackupPlan creates a backup plan and its schedule.
func (c *Client) CreateBackupPlan(ctx context.Context, body BackupPlan) (BackupPlan, error) {
	return do[BackupPlan](ctx, c, call{method: http.MethodPost, path: "/backup-plans", body: body})
}

// ReplaceBackupPlan replaces a backup plan. With the etag of the plan, the request fails when the plan has changed since;
// "" skips the comparison.
func (c *Client) ReplaceBackupPlan(ctx context.Context, id, etag string, body BackupPlan) (BackupPlan, error) {
	return do[BackupPlan](ctx, c, call{method: http.MethodPut, path: path("backup-plans", id), body: body, header: ifMatch(etag)})
}

// DeleteBackupPlan deletes a backup plan and, on request, its backups.
func (c *Client) DeleteBackupPlan(ctx context.Context, id string, query DeleteBackupPlanParams) error {
	_, err := do[struct{}](ctx, c, call{method: http.MethodDelete, path: path("backup-plans", id), query: query})
	return err
}

// PreviewBackupPlan returns the next runs of a schedule that is not stored.
func (c *Client) PreviewBackupPlan(ctx context.Context, body PreviewBackupPlanRequest) (SchedulePreview, error) {
	return do[SchedulePreview](ctx, c, call{method: http.MethodPost, path: "/backup-plans/preview", body: body})
}

// PreviewRetention returns which backups of a plan its retention keeps and deletes.
func (c *Client) PreviewRetention(ctx context.Context, id string) (RetentionPreview, error) {
	return get[RetentionPreview](ctx, c, path("backup-plans", id, "retention"), nil)
}

// RunBackupPlan starts a run of a backup plan.
func (c *Client) RunBackupPlan(ctx context.Context, id string) (Task, error) {
	return c.start(ctx, http.MethodPost, path("backup-plans", id, "run"), nil)
}

// PauseBackupPlan pauses a backup plan.
func (c *Client) PauseBackupPlan(ctx context.Context, id string, body PausePlanRequest) (BackupPlan, error) {
	return do[BackupPlan](ctx, c, call{method: http.MethodPost, path: path("backup-plans", id, "pause"), body: body})
}

// ResumeBackupPlan resumes a paused backup plan.
func (c *Client) ResumeBackupPlan(ctx context.Context, id string) (BackupPlan, error) {
	return do[BackupPlan](ctx, c, call{method: http.MethodPost, path: path("backup-plans", id, "resume")})
}

// ListBackupPlanRuns returns one page of the runs of a backup plan, newest first.
func (c *Client) ListBackupPlanRuns(ctx context.Context, id string, query ListBackupPlanRunsParams) (TaskPage, error) {
	return get[TaskPage](ctx, c, path("backup-plans", id, "runs"), query)
}

// ListBackups returns one page of the backups, newest first.
func (c *Client) ListBackups(ctx context.Context, query ListBackupsParams) (BackupList, error) {
	return get[BackupList](ctx, c, "/backups", query)
}

// GetBackup returns a backup.
func (c *Client) GetBackup(ctx context.Context, id string) (Backup, error) {
	return get[Backup](ctx, c, path("backups", id), nil)
}

// ListBackupFiles returns one page of the files in a file backup.
func (c *Client) ListBackupFiles(ctx context.Context, id string, query ListBackupFilesParams) (BackupFiles, error) {
	return get[BackupFiles](ctx, c, path("backups", id, "files"), query)
}

// HoldBackup holds a backup, so that retention does not delete it, or releases it.
func (c *Client) HoldBackup(ctx context.Context, id string, body HoldBackupRequest) (Backup, error) {
	return do[Backup](ctx, c, call{method: http.MethodPut, path: path("backups", id, "hold"), body: body})
}

// VerifyBackup starts a task that verifies a backup.
func (c *Client) VerifyBackup(ctx context.Context, id string, body VerifyBackupRequest) (Task, error) {
	return c.start(ctx, http.MethodPost, path("backups", id, "verify"), body)
}

// DeleteBackup starts a task that deletes a backup.
func (c *Client) DeleteBackup(ctx context.Context, id string) (Task, error) {
	return c.start(ctx, http.MethodDelete, path("backups", id), nil)
}
