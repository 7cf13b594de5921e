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

// View is the log of a task: the events of its history and the lines of its activities, in the order of time. Any part
// can be read without the rest.
type View struct {
	// Total is the number of lines. Positions start at 0.
	Total int
	// Errors is the number of lines of level error.
	Errors int
	// IncompleteReason is the reason for missing lines, or "".
	IncompleteReason string

	log      *Log
	language string
	windows  []mergeWindow
}

// part is a segment, or one event of the history.
type part struct {
	segment
	step  string
	line  *Line
	index int // of the event
}

// mergeWindow holds parts that overlap in time. Only lines of the same cluster are merged.
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

// View opens the log of a task; step "" selects all steps. events are the lines that are not in the storage. If the
// storage does not respond, the view has the events only, and the reason.
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
	slices.SortFunc(parts, func(a, b part) int { return order(a.segment, b.segment) })
	v.gather(parts)
	return v
}

// gather groups parts into clusters. Consecutive segments of one stream are already in order.
func (v *View) gather(parts []part) {
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
	Text     string // in message, host or playbook task, ignoring case
	Level    string // only lines of this level
	Prefetch int    // number of clusters to read in advance
}

func (q Query) matches(l Line) bool {
	if q.Level != "" && l.Level != q.Level {
		return false
	}
	return q.Text == "" || holds(l.Message, q.Text) || holds(l.Host, q.Text) || holds(l.Task, q.Text)
}

func holds(text, lower string) bool { return strings.Contains(strings.ToLower(text), lower) }

// Lines yields the lines that the query selects, in order. It ends with an error if the storage fails.
func (v *View) Lines(ctx context.Context, q Query) iter.Seq2[Entry, error] {
	if q.From < 0 {
		q.From = max(0, v.Total+q.From)
	}
	q.Text = strings.ToLower(q.Text)
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for loaded := range v.load(ctx, v.wanted(q), q.Prefetch) {
			if loaded.err != nil {
				yield(Entry{Position: loaded.base}, loaded.err)
				return
			}
			for i, line := range loaded.lines {
				if e := (Entry{loaded.base + i, line}); e.Position >= q.From && q.matches(line) && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// wanted returns the clusters that may contain selected lines.
func (v *View) wanted(q Query) iter.Seq[mergeWindow] {
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

// Page is the result of a query on a part of the log.
type Page struct {
	Items []Entry
	// Next is the position to continue from, or -1 at the end of the log.
	Next int
}

// Page returns the first lines that the query selects. A search that exceeds the timeout returns what was found until
// then.
func (v *View) Page(ctx context.Context, q Query, limit int, timeout time.Duration) (Page, error) {
	page, until := Page{Next: -1}, time.Now().Add(timeout)
	if limit == 0 { // only the length was requested
		return page, nil
	}
	if q.From < 0 {
		q.From = max(0, v.Total+q.From)
	}
	q.Text = strings.ToLower(q.Text)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for c := range v.load(ctx, v.wanted(q), q.Prefetch) {
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
		if next := c.base + c.mergeWindow.lines; next < v.Total && time.Now().After(until) {
			page.Next = next
			return page, nil
		}
	}
	return page, nil
}
