package sdk

import (
	"context"
	"io"
	"net/http"
)

// Operations on tasks.

// ListTasks returns one page of the tasks, running ones first.
func (c *Client) ListTasks(ctx context.Context, query ListTasksParams) (TaskPage, error) {
	return get[TaskPage](ctx, c, "/tasks", query)
}

// GetTask returns a task with its steps.
func (c *Client) GetTask(ctx context.Context, id string) (Task, error) {
	return get[Task](ctx, c, path("tasks", id), nil)
}

// CancelTask requests the cancellation of a task, which rolls its changes back.
func (c *Client) CancelTask(ctx context.Context, id string) (Task, error) {
	return do[Task](ctx, c, call{method: http.MethodPost, path: path("tasks", id, "cancel")})
}

// RetryTask continues a blocked task, or starts a failed one again.
func (c *Client) RetryTask(ctx context.Context, id string) (Task, error) {
	return c.start(ctx, http.MethodPost, path("tasks", id, "retry"), nil)
}

// ListTaskLog returns lines of the log of a task.
func (c *Client) ListTaskLog(ctx context.Context, id string, query ListTaskLogParams) (LogPage, error) {
	return get[LogPage](ctx, c, path("tasks", id, "log", "lines"), query)
}

// GetTaskLog returns the log of a task as text or JSON lines. The caller closes the reader.
func (c *Client) GetTaskLog(ctx context.Context, id string, query GetTaskLogParams) (io.ReadCloser, error) {
	return c.download(ctx, path("tasks", id, "log"), query)
}
