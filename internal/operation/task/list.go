package task

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// cursor is the content of a page token. A list has the running tasks first, by start time, and then the closed tasks, by
// end time. The page tokens of Temporal are not used, because they make later pages slow and are not valid on other
// servers. Instead, a query selects the rows of a page by time.
type cursor struct {
	Closed bool      `json:"c,omitempty"`
	Before time.Time `json:"b,omitzero"`
	Listed []string  `json:"s,omitempty"` // IDs of the runs with exactly that time that earlier pages contain
	// Span is the expected time range of the next page. With a lower and an upper bound, the database finds the rows in
	// the index without reading newer tasks.
	Span time.Duration `json:"w,omitempty"`
}

func (c cursor) token() string {
	b, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(token string) (cursor, error) {
	var c cursor
	if token == "" {
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &c) != nil || c.Before.IsZero() {
		return c, fault.InvalidField("page_token", "invalid page token")
	}
	return c, nil
}

const (
	defaultPage = 50
	// maxQueriesPerPage is the maximum number of running tasks on a page whose workflows are queried for their progress.
	// The other tasks show the progress in their memo.
	maxQueriesPerPage = 20
)

// Lister lists tasks.
type Lister interface {
	List(ctx context.Context, f Filter) (Page, error)
}

// List returns one page: first the running tasks, by start time, then the closed tasks, by end time, newest first.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	page := Page{Items: []Task{}}
	if f.PageSize == 0 {
		f.PageSize = defaultPage
	}
	c, err := parseCursor(f.PageToken)
	if err != nil {
		return page, err
	}
	conditions, err := f.conditions()
	if err != nil {
		return page, err
	}
	found, c, more, err := s.next(ctx, conditions, f.PageSize, c)
	if err != nil {
		return page, err
	}
	if more {
		page.NextPageToken = c.token()
	}
	if found, err = s.dropReset(ctx, found); err != nil {
		return page, err
	}
	for i, e := range found {
		progress := e.progress
		if i < maxQueriesPerPage && e.end == nil {
			progress = s.progress(ctx, e)
		}
		page.Items = append(page.Items, s.task(ctx, e, progress))
	}
	return page, nil
}

// next reads the rows after the cursor: first the remaining running tasks, then closed tasks.
func (s *Service) next(ctx context.Context, conditions []string, size int, c cursor) (found []*execution, after cursor, more bool, err error) {
	if c.Before.IsZero() {
		c.Before = farFuture()
	}
	if !c.Closed {
		if found, c, more, err = s.rowsAfter(ctx, conditions, size, c); err != nil || more {
			return found, c, more, err
		}
		c, more = cursor{Closed: true, Before: farFuture()}, true
	}
	if len(found) < size {
		var rest []*execution
		rest, c, more, err = s.rowsAfter(ctx, conditions, size-len(found), c)
		found = append(withoutEnded(found, rest), rest...)
	}
	return found, c, more, err
}

// withoutEnded returns the running tasks without those that are also among the closed tasks: they ended between the two
// queries.
func withoutEnded(running, closed []*execution) []*execution {
	return slices.DeleteFunc(running, func(r *execution) bool {
		return slices.ContainsFunc(closed, func(c *execution) bool { return c.runID == r.runID })
	})
}

// farFuture returns a time after the start of every task, also if the clock of another machine is ahead.
func farFuture() time.Time { return time.Now().Add(time.Hour) }

// operationsQuery excludes workflows that are not tasks.
const operationsQuery = operation.OperationKey + " IS NOT NULL"

// rowsAfter returns the rows after the cursor: running tasks or closed tasks. more reports whether further rows follow.
func (s *Service) rowsAfter(ctx context.Context, conditions []string, size int, c cursor) (out []*execution, next cursor, more bool, err error) {
	timeOf := func(e *execution) time.Time { return e.start }
	if c.Closed {
		timeOf = func(e *execution) time.Time { return *e.end }
	}
	// One additional row shows whether there is a next page.
	rows, err := s.window(ctx, conditions, c, size+len(c.Listed)+1)
	if err != nil {
		return nil, c, false, err
	}
	for _, e := range rows {
		if !slices.Contains(c.Listed, e.runID) || !timeOf(e).Equal(c.Before) {
			out = append(out, e)
		}
	}
	more = len(out) > size
	if more {
		out = out[:size]
	}
	if len(out) == 0 {
		return out, c, false, nil
	}
	next = cursor{Closed: c.Closed, Before: timeOf(out[len(out)-1])}
	next.Span = max(spanFactor*timeOf(out[0]).Sub(next.Before), minSpan)
	if next.Before.Equal(c.Before) {
		next.Listed = c.Listed
	}
	for _, e := range out {
		if timeOf(e).Equal(next.Before) {
			next.Listed = append(next.Listed, e.runID)
		}
	}
	return out, next, more, nil
}

const (
	spanFactor = 4 // ratio of the expected span to the span of the previous page
	spanGrowth = 8 // growth of the span if it does not contain enough rows
	minSpan    = time.Minute
	maxSpan    = 400 * 24 * time.Hour
)

// window reads at most limit rows before the cursor. For closed tasks, it extends the span until there are enough rows.
func (s *Service) window(ctx context.Context, conditions []string, c cursor, limit int) ([]*execution, error) {
	bounds := func(condition string) string {
		return strings.Join(append(slices.Clone(conditions), condition, operationsQuery), " AND ")
	}
	before := c.Before.UTC().Format(time.RFC3339Nano)
	if !c.Closed {
		return s.rows(ctx, bounds(fmt.Sprintf("ExecutionStatus = 'Running' AND StartTime <= '%s'", before)), int32(limit))
	}
	for span := c.Span; span > 0 && span < maxSpan; span *= spanGrowth {
		after := c.Before.Add(-span).UTC().Format(time.RFC3339Nano)
		rows, err := s.rows(ctx, bounds(fmt.Sprintf("CloseTime BETWEEN '%s' AND '%s'", after, before)), int32(limit))
		if err != nil || len(rows) == limit {
			return rows, err
		}
	}
	return s.rows(ctx, bounds(fmt.Sprintf("CloseTime <= '%s'", before)), int32(limit))
}

// dropReset removes runs that a reset has replaced: all runs of a task are shown as one task. The search for newer runs is
// the expensive part of a list, so it is omitted for runs that have succeeded. If an operator resets such a run, the older
// run is removed only if both runs are on the same page.
func (s *Service) dropReset(ctx context.Context, found []*execution) ([]*execution, error) {
	var ids []string
	for _, e := range found {
		if e.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && e.status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
			ids = append(ids, "'"+e.taskID+"'")
		}
	}
	runs, err := s.runsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	newest := map[string]time.Time{}
	for _, e := range append(runs, found...) {
		if e.start.After(newest[e.taskID]) {
			newest[e.taskID] = e.start
		}
	}
	return slices.DeleteFunc(found, func(e *execution) bool { return newest[e.taskID].After(e.start) }), nil
}

// runsOf returns the last run of each task, and possibly earlier runs. ids are quoted task IDs.
func (s *Service) runsOf(ctx context.Context, ids []string) ([]*execution, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// As many rows as tasks are enough: Temporal returns the runs with the latest end first, so the rows include the last
	// run of each task. operationsQuery excludes child workflows, which set TaskKey too.
	return s.rows(ctx, fmt.Sprintf("%s IN (%s) AND %s", operation.TaskKey, strings.Join(ids, ", "), operationsQuery), int32(len(ids)))
}

// kinds are the kinds of targets that match a filter with an ID without kind.
var kinds = []string{"stack", "app", "instance", "plan", "backup", "volume", "token"}

func (f Filter) conditions() ([]string, error) {
	var out []string
	for field, v := range map[string]string{"operation": f.Operation, "target": f.Target, "actor": f.Actor} {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' || r == '"' || r == '\\' }) {
			return nil, fault.InvalidField(field, "contains characters that are not valid in an id")
		}
	}
	if f.Operation != "" {
		out = append(out, fmt.Sprintf("%s = '%s'", operation.OperationKey, f.Operation))
	}
	if f.Actor != "" {
		out = append(out, fmt.Sprintf("%s = '%s'", operation.ActorKey, f.Actor))
	}
	if f.Target != "" {
		targets := []string{"'" + f.Target + "'"}
		if !strings.Contains(f.Target, ":") {
			targets = nil
			for _, kind := range kinds {
				targets = append(targets, "'"+kind+":"+f.Target+"'")
			}
		}
		out = append(out, fmt.Sprintf("%s IN (%s)", operation.TargetsKey, strings.Join(targets, ", ")))
	}
	if !f.Since.IsZero() {
		out = append(out, fmt.Sprintf("StartTime >= '%s'", f.Since.UTC().Format(time.RFC3339Nano)))
	}
	if !f.Until.IsZero() {
		out = append(out, fmt.Sprintf("StartTime < '%s'", f.Until.UTC().Format(time.RFC3339Nano)))
	}
	if f.Status != "" {
		out = append(out, statusCondition(f.Status))
	}
	return out, nil
}

func statusCondition(s operation.Status) string {
	switch s {
	case operation.Queued:
		return "ExecutionStatus = 'Running' AND " + operation.OutcomeKey + " IS NULL"
	case operation.Running, operation.Blocked, operation.Cancelling:
		return fmt.Sprintf("ExecutionStatus = 'Running' AND %s = '%s'", operation.OutcomeKey, s)
	case operation.Succeeded:
		return fmt.Sprintf("ExecutionStatus = 'Completed' AND %s = '%s'", operation.OutcomeKey, operation.Succeeded)
	case operation.PartiallyFailed:
		return fmt.Sprintf("ExecutionStatus = 'Completed' AND %s = '%s'", operation.OutcomeKey, operation.PartiallyFailed)
	case operation.Cancelled:
		return "ExecutionStatus IN ('Canceled', 'Terminated')"
	case operation.TimedOut:
		return "ExecutionStatus = 'TimedOut'"
	}
	return "ExecutionStatus = 'Failed'"
}
