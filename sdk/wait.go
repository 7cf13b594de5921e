package sdk

import "context"

// Closed reports whether the task has ended.
func (s TaskStatus) Closed() bool {
	switch s {
	case TaskStatusSucceeded, TaskStatusPartiallyFailed, TaskStatusFailed, TaskStatusCancelled, TaskStatusTimedOut:
		return true
	}
	return false
}

// Closed reports whether the step has ended.
func (s TaskStepStatus) Closed() bool {
	switch s {
	case TaskStepStatusSucceeded, TaskStepStatusFailed, TaskStepStatusCancelled, TaskStepStatusSkipped:
		return true
	}
	return false
}

// WaitForTask waits until a task is closed, or blocked: a blocked task continues after RetryTask only. progress is called
// after each change of the task; it may be nil. WaitForTask also waits while the manager restarts: the deadline is that of ctx.
// The caller examines the status of the returned task; the error is that of the requests.
func (c *Client) WaitForTask(ctx context.Context, id string, progress func(Task)) (Task, error) {
	var t Task
	for next, err := range c.WatchTask(ctx, id) {
		if err != nil {
			return t, err
		}
		t = next
		if progress != nil {
			progress(t)
		}
		if t.Status == TaskStatusBlocked {
			break
		}
	}
	return t, nil
}
