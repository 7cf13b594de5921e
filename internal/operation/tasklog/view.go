package tasklog

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// View is the log of a task: the events of its history and the lines of its activities, in chronological order. Any part
// of it can be read without the rest.
type View struct {
	// Total is the number of lines. Positions start at 0.
	Total int
	// Errors is the number of lines of level error.
	Errors int
	// IncompleteReason is the reason why lines are missing, or "" if the log is complete.
	IncompleteReason i18n.Message

	log      *Log
	language string
	windows  []mergeWindow
}

// part is a segment, or one event of the history.
type part struct {
	segment
	step  string
	line  *Line
	index int // number of the event in the view
}

// mergeWindow has consecutive parts that overlap in time. Lines are merged within a window only.
type mergeWindow struct {
	parts         []part
	base          int // position of the first line
	lines, errors int
}

// Entry is a line with its position.
type Entry struct {
	Position int
	Line
}

// NewStaticView returns a view of the given lines.
func NewStaticView(lines ...Line) *View { return newView(nil, "en", nil, "", lines) }

// View returns the log of a task, or of one of its steps; "" selects all steps. events are additional lines, which are
// not in the storage. If the storage does not respond, the view has the events only, and IncompleteReason is set.
func (l *Log) View(ctx context.Context, task, step string, ended *time.Time, events []Line) *View {
	if l == nil {
		return newView(nil, i18n.Language(ctx), nil, step, events)
	}
	segments, err := l.segments(ctx, task, ended)
	v := newView(l, i18n.Language(ctx), segments, step, events)
	if err != nil {
		v.IncompleteReason = fault.MessageOf(err)
	}
	return v
}

func newView(l *Log, language string, segments map[string][]segment, step string, events []Line) *View {
	v := &View{log: l, language: language}
	var parts []part
	for name, list := range segments {
		if step != "" && name != step {
			continue
		}
		for _, s := range list {
			parts = append(parts, part{segment: s, step: name})
		}
	}
	number := 0
	for i := range events {
		if step != "" && events[i].Step != step {
			continue
		}
		ms := events[i].Time.UnixMilli()
		p := part{segment: segment{first: ms, last: ms, number: number, lines: 1}, step: events[i].Step, line: &events[i], index: number}
		if events[i].Level == Error {
			p.errors = 1
		}
		number++
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b part) int { return compareSegments(a.segment, b.segment) })
	v.addWindows(parts)
	return v
}

// addWindows groups the sorted parts into merge windows. Consecutive segments of one stream get separate windows, because
// their lines are already in order.
func (v *View) addWindows(parts []part) {
	var end int64
	for i, p := range parts {
		last := len(v.windows) - 1
		follows := i > 0 && p.stream == parts[i-1].stream && last >= 0 && len(v.windows[last].parts) == 1
		if last < 0 || p.first > end || follows {
			v.windows = append(v.windows, mergeWindow{base: v.Total})
			last++
		}
		c := &v.windows[last]
		c.parts = append(c.parts, p)
		c.lines, c.errors = c.lines+p.lines, c.errors+p.errors
		v.Total, v.Errors = v.Total+p.lines, v.Errors+p.errors
		end = max(end, p.last)
	}
}

// Query selects lines.
type Query struct {
	From     int    // position of the first line; negative values count from the end
	Text     string // text in the message, host or playbook task, ignoring case; "" matches all lines
	Level    string // "" selects all levels
	Prefetch int    // number of merge windows to read in advance
}

func (q Query) matches(l Line) bool {
	if q.Level != "" && l.Level != q.Level {
		return false
	}
	return q.Text == "" || containsFold(l.Message, q.Text) || containsFold(l.Host, q.Text) || containsFold(l.Task, q.Text)
}

// containsFold reports whether text contains the lower-case text lower, ignoring case.
func containsFold(text, lower string) bool { return strings.Contains(strings.ToLower(text), lower) }

// Lines yields the lines that the query selects, in order. If the storage fails, it yields the error and ends.
func (v *View) Lines(ctx context.Context, q Query) iter.Seq2[Entry, error] {
	if q.From < 0 {
		q.From = max(0, v.Total+q.From)
	}
	q.Text = strings.ToLower(q.Text)
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for window := range v.load(ctx, v.candidates(q), q.Prefetch) {
			if window.err != nil {
				yield(Entry{Position: window.base}, window.err)
				return
			}
			for i, line := range window.lines {
				if e := (Entry{window.base + i, line}); e.Position >= q.From && q.matches(line) && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// candidates returns the merge windows that may contain selected lines.
func (v *View) candidates(q Query) iter.Seq[mergeWindow] {
	at, _ := slices.BinarySearchFunc(v.windows, q.From, func(c mergeWindow, from int) int {
		if c.base+c.lines <= from {
			return -1
		}
		return 1
	})
	return func(yield func(mergeWindow) bool) {
		for _, c := range v.windows[at:] {
			if (q.Level != Error || c.errors > 0) && !yield(c) {
				return
			}
		}
	}
}

// Page is one page of the result of a query.
type Page struct {
	Items []Entry
	// Next is the position at which the next page starts, or -1 at the end of the log.
	Next int
}

// Page returns the first lines that the query selects, at most limit. A search that exceeds the timeout returns the lines
// that it has found, and the position to continue from.
func (v *View) Page(ctx context.Context, q Query, limit int, timeout time.Duration) (Page, error) {
	page, deadline := Page{Next: -1}, time.Now().Add(timeout)
	if limit == 0 { // the caller needs Total only
		return page, nil
	}
	if q.From < 0 {
		q.From = max(0, v.Total+q.From)
	}
	q.Text = strings.ToLower(q.Text)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for c := range v.load(ctx, v.candidates(q), q.Prefetch) {
		if c.err != nil {
			return page, c.err
		}
		for i, line := range c.lines {
			if c.base+i < q.From || !q.matches(line) {
				continue
			}
			if len(page.Items) == limit {
				page.Next = c.base + i
				return page, nil
			}
			page.Items = append(page.Items, Entry{c.base + i, line})
		}
		if next := c.base + c.mergeWindow.lines; next < v.Total && time.Now().After(deadline) {
			page.Next = next
			return page, nil
		}
	}
	return page, nil
}
