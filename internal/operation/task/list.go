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

// cursor is the content of a page token. Temporal lists running tasks first, by start time, then closed tasks by end
// time. Temporal's own tokens make deep pages slow and are rejected by other servers, so a page is bounded by time.
type cursor struct {
	Closed bool      `json:"c,omitempty"`
	Before time.Time `json:"b,omitzero"`
	Listed []string  `json:"s,omitempty"` // run IDs of exactly that time on earlier pages
	// Span is the expected time range of the next page: with a bound on both sides, the index finds the rows
	// immediately, however many tasks are newer.
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
	// candidatesPerPage is the number of running tasks of a page whose latest message is queried. The others show theirs
	// on their own page.
	candidatesPerPage = 20
)

// Lister lists tasks.
type Lister interface {
	List(ctx context.Context, f Filter) (Page, error)
}

// List returns one page: running tasks first, newest first, then closed tasks by end time.
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
		if i < candidatesPerPage && e.end == nil {
			progress = s.progress(ctx, e)
		}
		page.Items = append(page.Items, s.task(ctx, e, progress))
	}
	return page, nil
}

// next reads the rows after the cursor: the rest of the running tasks, then closed tasks.
func (s *Service) next(ctx context.Context, conditions []string, size int, c cursor) (found []*execution, after cursor, more bool, err error) {
	if c.Before.IsZero() {
		c.Before = farFuture()
	}
	if !c.Closed {
		if found, c, more, err = s.bounded(ctx, conditions, size, c); err != nil || more {
			return found, c, more, err
		}
		c, more = cursor{Closed: true, Before: farFuture()}, true
	}
	if len(found) < size {
		var rest []*execution
		rest, c, more, err = s.bounded(ctx, conditions, size-len(found), c)
		found = append(withoutEnded(found, rest), rest...)
	}
	return found, c, more, err
}

// withoutEnded removes running tasks that ended before the closed tasks were read, and are among those.
func withoutEnded(running, closed []*execution) []*execution {
	return slices.DeleteFunc(running, func(r *execution) bool {
		return slices.ContainsFunc(closed, func(c *execution) bool { return c.runID == r.runID })
	})
}

// farFuture is later than the time of any task, also by the clock of another machine.
func farFuture() time.Time { return time.Now().Add(time.Hour) }

// operationsQuery excludes Temporal's own workflows.
const operationsQuery = operation.OperationKey + " IS NOT NULL"

// bounded returns the rows of one kind after the cursor: running or closed.
func (s *Service) bounded(ctx context.Context, conditions []string, size int, c cursor) ([]*execution, cursor, bool, error) {
	when := func(e *execution) time.Time { return e.start }
	if c.Closed {
		when = func(e *execution) time.Time { return *e.end }
	}
	// One row more than the page holds shows whether there is a next page.
	rows, err := s.window(ctx, conditions, c, size+len(c.Listed)+1)
	if err != nil {
		return nil, c, false, err
	}
	var out []*execution
	for _, e := range rows {
		if !slices.Contains(c.Listed, e.runID) || !when(e).Equal(c.Before) {
			out = append(out, e)
		}
	}
	more := len(out) > size
	if more {
		out = out[:size]
	}
	if len(out) == 0 {
		return out, c, false, nil
	}
	next := cursor{Closed: c.Closed, Before: when(out[len(out)-1])}
	next.Span = max(spanFactor*when(out[0]).Sub(next.Before), minSpan)
	if next.Before.Equal(c.Before) {
		next.Listed = c.Listed
	}
	for _, e := range out {
		if when(e).Equal(next.Before) {
			next.Listed = append(next.Listed, e.runID)
		}
	}
	return out, next, more, nil
}

const (
	spanFactor = 4 // factor on the span of the previous page; enough for most pages
	spanGrowth = 8 // further factor if it was not enough
	minSpan    = time.Minute
	maxSpan    = 400 * 24 * time.Hour
)

// window reads closed tasks within the span, and older ones only if those do not fill the page.
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

// dropReset removes runs that a reset has replaced: they and their successor are one task. The search for successors is
// the expensive part of a page, so it is omitted for runs that have succeeded. If an operator resets such a run, the two
// are merged when they are on one page.
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

// runsOf returns the runs of the tasks.
func (s *Service) runsOf(ctx context.Context, ids []string) ([]*execution, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// As many rows as tasks: the newest ends come first, so the last run of each task is among them, and the index is
	// not read beyond the page. The query excludes child workflows, which carry the task ID too.
	return s.rows(ctx, fmt.Sprintf("%s IN (%s) AND %s", operation.TaskKey, strings.Join(ids, ", "), operationsQuery), int32(len(ids)))
}

// Kinds of targets that a plain ID may stand for.
var kinds = []string{"stack", "app", "instance", "plan", "backup", "volume", "token"}

func (f Filter) conditions() ([]string, error) {
	var out []string
	for field, v := range map[string]string{"operation": f.Operation, "target": f.Target, "actor": f.Actor} {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' || r == '"' || r == '\\' }) {
			return nil, fault.InvalidField(field, "has characters that no id has")
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
