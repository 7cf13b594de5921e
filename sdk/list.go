package sdk

import "context"

// pageSize is the number of objects that All requests in one page: the maximum of the API.
const pageSize = 500

// All returns the objects of all pages. list requests one page; it returns the objects and the token of the next page, which
// is empty for the last one.
//
//	backups, err := sdk.All(func(size int64, token string) ([]sdk.Backup, string, error) {
//		page, err := client.ListBackups(ctx, sdk.ListBackupsParams{PageSize: &size, PageToken: &token})
//		return page.Items, page.NextPageToken, err
//	})
func All[T any](list func(size int64, token string) (items []T, next string, err error)) ([]T, error) {
	all, token := []T{}, ""
	for {
		items, next, err := list(pageSize, token)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == "" {
			return all, nil
		}
		token = next
	}
}

// AllInstances returns the instances of all pages.
func (c *Client) AllInstances(ctx context.Context, in ListInstancesParams) ([]Instance, error) {
	return All(func(size int64, token string) ([]Instance, string, error) {
		in.PageSize, in.PageToken = &size, &token
		page, err := c.ListInstances(ctx, in)
		return page.Items, page.NextPageToken, err
	})
}

// AllBackups returns the backups of all pages.
func (c *Client) AllBackups(ctx context.Context, in ListBackupsParams) ([]Backup, error) {
	return All(func(size int64, token string) ([]Backup, string, error) {
		in.PageSize, in.PageToken = &size, &token
		page, err := c.ListBackups(ctx, in)
		return page.Items, page.NextPageToken, err
	})
}

// AllBackupPlans returns the backup plans of all pages.
func (c *Client) AllBackupPlans(ctx context.Context) ([]BackupPlan, error) {
	return All(func(size int64, token string) ([]BackupPlan, string, error) {
		page, err := c.ListBackupPlans(ctx, ListBackupPlansParams{PageSize: &size, PageToken: &token})
		return page.Items, page.NextPageToken, err
	})
}

// AllBackupPlanRuns returns the runs of a backup plan of all pages.
func (c *Client) AllBackupPlanRuns(ctx context.Context, id string) ([]Task, error) {
	return All(func(size int64, token string) ([]Task, string, error) {
		page, err := c.ListBackupPlanRuns(ctx, id, ListBackupPlanRunsParams{PageSize: &size, PageToken: &token})
		return page.Items, page.NextPageToken, err
	})
}

// AllBackupFiles returns the files in a file backup of all pages.
func (c *Client) AllBackupFiles(ctx context.Context, id string, in ListBackupFilesParams) ([]BackupFile, error) {
	return All(func(size int64, token string) ([]BackupFile, string, error) {
		in.PageSize, in.PageToken = &size, &token
		page, err := c.ListBackupFiles(ctx, id, in)
		return page.Items, page.NextPageToken, err
	})
}
