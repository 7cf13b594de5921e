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

// View is a task's log as it stands: the story that Temporal tells and the lines that activities wrote, as one list in the
// order of time, of which any part can be read without the rest.
type View struct {
	// Total counts the lines. Positions run from 0.
	Total int
	// Errors counts those of level error.
	Errors int
	// Missing says why lines of activities are not there, "" when all are.
	IncompleteReason string

	log      *Log
	language string
	windows  []mergeWindow
}

// part is a segment, or one line of the story.
type part struct {
	segment
	step  string
	line  *Line
	index int // of the line in the story
}

// mergeWindow are parts that overlap in time: its lines are merged, those of two clusters never.
type mergeWindow struct {
	parts         []part
	base          int // position of the first line
	lines, errors int
}

// Entry is a line at its position.
type Entry struct {
	Position int
	Line
}

// NewStaticView is a view of lines alone.
func NewStaticView(lines ...Line) *View { return newView(nil, "en", nil, "", lines) }

// View opens the log of a task, which is running or has ended; step "" is all of it. story are the lines that are not in
// the storage. When the storage does not answer the view has the story alone and says so.
func (l *Log) View(ctx context.Context, task, step string, ended *time.Time, story []Line) *View {
	if l == nil {
		return newView(nil, i18n.Of(ctx), nil, step, story)
	}
	segments, err := l.segments(ctx, task, ended)
	v := newView(l, i18n.Of(ctx), segments, step, story)
	if err != nil {
		v.IncompleteReason = fault.MessageOf(err)
	}
	return v
}

func newView(l *Log, language string, segments map[string][]segment, step string, story []Line) *View {
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
	told := 0
	for i := range story {
		if step != "" && story[i].Step != step {
			continue
		}
		ms := story[i].Time.UnixMilli()
		p := part{segment: segment{first: ms, last: ms, number: told, lines: 1}, step: story[i].Step, line: &story[i], index: told}
		if story[i].Level == Error {
			p.errors = 1
		}
		told++
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b part) int { return order(a.segment, b.segment) })
	v.gather(parts)
	return v
}

// gather makes clusters. Segments that follow one another in one stream are in order already.
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
	From     int    // position of the first that is looked at; below 0 it counts from the end
	Text     string // in message, host or playbook task, whatever its case
	Level    string // of this level only
	Prefetch int    // how many parts are fetched before they are asked for
}

func (q Query) matches(l Line) bool {
	if q.Level != "" && l.Level != q.Level {
		return false
	}
	return q.Text == "" || holds(l.Message, q.Text) || holds(l.Host, q.Text) || holds(l.Task, q.Text)
}

func holds(text, lower string) bool { return strings.Contains(strings.ToLower(text), lower) }

// Lines goes through the lines that the query selects, in order. It ends with an error when the storage fails.
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

// wanted are the clusters in which the query may find lines.
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

// Page is what a query found in a part of the log.
type Page struct {
	Items []Entry
	// Next is where to go on, -1 when all was looked at.
	Next int
}

// Page returns the first lines that the query selects. A search that takes longer than patience returns what it found so far.
func (v *View) Page(ctx context.Context, q Query, limit int, timeout time.Duration) (Page, error) {
	page, until := Page{Next: -1}, time.Now().Add(timeout)
	if limit == 0 { // only its length is asked for
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
