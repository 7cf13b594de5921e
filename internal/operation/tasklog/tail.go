package tasklog

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Cursor is how far a reader that follows a log has come: what each stream told last. It is exact whatever came late in
// between, and every replica understands it.
type Cursor struct {
	story   int            // lines of the story
	upTo    int64          // time in ms up to which all is known; older streams are not named below
	streams map[string]int // number of the last segment
	ended   map[string]int64
}

// ParseCursor reads what String wrote; anything else is the beginning.
func ParseCursor(text string) *Cursor {
	c := &Cursor{streams: map[string]int{}, ended: map[string]int64{}}
	fields := strings.Split(text, "/")
	if len(fields) < 2 {
		return c
	}
	c.story, _ = strconv.Atoi(fields[0])
	c.upTo, _ = strconv.ParseInt(fields[1], 10, 64)
	for _, f := range fields[2:] {
		stream, number, _ := strings.Cut(f, "=")
		n, ends, _ := strings.Cut(number, "@")
		c.streams[stream], _ = strconv.Atoi(n)
		c.ended[stream], _ = strconv.ParseInt(ends, 10, 64)
	}
	return c
}

// String is the cursor in a form that fits in a header.
func (c *Cursor) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d/%d", c.story, c.upTo)
	for stream, n := range c.streams {
		fmt.Fprintf(&out, "/%s=%d@%d", stream, n, c.ended[stream])
	}
	return out.String()
}

func (c *Cursor) knows(p part) bool {
	if p.line != nil {
		return p.index < c.story
	}
	return p.last <= c.upTo || p.number <= c.streams[p.stream]
}

func (c *Cursor) take(p part) {
	if p.line != nil {
		c.story = max(c.story, p.index+1)
		return
	}
	c.streams[p.stream] = max(c.streams[p.stream], p.number)
	c.ended[p.stream] = max(c.ended[p.stream], p.last)
	c.upTo = max(c.upTo, p.last-maxSegmentDelay.Milliseconds())
	for stream, last := range c.ended {
		if last <= c.upTo {
			delete(c.streams, stream)
			delete(c.ended, stream)
		}
	}
}

// Update is what came to a log.
type Update struct {
	Total, Errors int
	// From is the first position at which there is now something else than before: what was read of it and after it may
	// have moved.
	ResetFrom int
	Lines     []Line // the new ones in the order of time; nil when they are not asked for
}

// maxLinesPerUpdate is about how many lines one change has.
const maxLinesPerUpdate = 500

// Poll returns what the cursor does not know, and moves the cursor along. Without lines nothing is read.
func (v *View) Poll(ctx context.Context, at *Cursor, lines bool) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		var batch mergeWindow
		from := v.Total
		send := func() bool {
			change := Update{Total: v.Total, Errors: v.Errors, ResetFrom: from}
			if lines {
				out := v.merge(ctx, batch)
				if out.err != nil {
					yield(change, out.err)
					return false
				}
				change.Lines = out.lines
			}
			for _, p := range batch.parts {
				at.take(p)
			}
			batch, from = mergeWindow{}, v.Total
			return yield(change, nil)
		}
		for _, c := range v.windows {
			for _, p := range c.parts {
				if at.knows(p) {
					continue
				}
				from = min(from, c.base)
				batch.parts = append(batch.parts, p)
				batch.lines += p.lines
			}
			if lines && batch.lines >= maxLinesPerUpdate && !send() {
				return
			}
		}
		if len(batch.parts) > 0 {
			send()
		}
	}
}
