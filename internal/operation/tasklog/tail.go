package tasklog

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Cursor is the position of a reader that follows a log: the last segment of each stream. It is exact even if segments
// appear late, and it is valid on every replica.
type Cursor struct {
	events  int              // number of events that the reader has received
	upTo    int64            // the reader has received all segments up to this time in ms; streams that ended before are omitted
	streams map[string]int   // number of the last received segment of each stream
	ended   map[string]int64 // time in ms of the last received line of each stream
}

// ParseCursor parses the result of String. For any other text, it returns the start of the log.
func ParseCursor(text string) *Cursor {
	c := &Cursor{streams: map[string]int{}, ended: map[string]int64{}}
	fields := strings.Split(text, "/")
	if len(fields) < 2 {
		return c
	}
	c.events, _ = strconv.Atoi(fields[0])
	c.upTo, _ = strconv.ParseInt(fields[1], 10, 64)
	for _, f := range fields[2:] {
		stream, number, _ := strings.Cut(f, "=")
		n, ends, _ := strings.Cut(number, "@")
		c.streams[stream], _ = strconv.Atoi(n)
		c.ended[stream], _ = strconv.ParseInt(ends, 10, 64)
	}
	return c
}

// String returns the cursor in a form that is valid in HTTP headers.
func (c *Cursor) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d/%d", c.events, c.upTo)
	for stream, n := range c.streams {
		fmt.Fprintf(&out, "/%s=%d@%d", stream, n, c.ended[stream])
	}
	return out.String()
}

// contains reports whether the reader has received the part.
func (c *Cursor) contains(p part) bool {
	if p.line != nil {
		return p.index < c.events
	}
	return p.last <= c.upTo || p.number <= c.streams[p.stream]
}

// advance adds a received part.
func (c *Cursor) advance(p part) {
	if p.line != nil {
		c.events = max(c.events, p.index+1)
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

// Update is an addition to a log.
type Update struct {
	Total, Errors int
	// ResetFrom is the first position whose line has changed: the lines from there on may have moved.
	ResetFrom int
	Lines     []Line // new lines in chronological order; nil if they were not requested
}

// maxLinesPerUpdate is the approximate maximum number of lines in one update.
const maxLinesPerUpdate = 500

// Poll yields the updates after the cursor and advances the cursor. If lines is false, the updates have no lines, and no
// segment is read.
func (v *View) Poll(ctx context.Context, cursor *Cursor, lines bool) iter.Seq2[Update, error] {
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
				cursor.advance(p)
			}
			batch, from = mergeWindow{}, v.Total
			return yield(change, nil)
		}
		for _, c := range v.windows {
			for _, p := range c.parts {
				if cursor.contains(p) {
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
