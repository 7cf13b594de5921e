package tasklog

import (
	"context"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// loadedWindow is a merge window with its lines in chronological order.
type loadedWindow struct {
	mergeWindow
	lines []Line
	err   error
}

// load yields the windows with their lines, in order. It reads up to prefetch windows in advance, so the required memory
// does not depend on the size of the log.
func (v *View) load(ctx context.Context, windows iter.Seq[mergeWindow], prefetch int) iter.Seq[loadedWindow] {
	return func(yield func(loadedWindow) bool) {
		next, stop := iter.Pull(windows)
		defer stop()
		var queue []chan loadedWindow
		for {
			for len(queue) <= prefetch {
				c, ok := next()
				if !ok {
					break
				}
				result := make(chan loadedWindow, 1)
				queue = append(queue, result)
				if c.parts[0].line != nil && len(c.parts) == 1 {
					result <- v.merge(ctx, c)
					continue
				}
				go func() { result <- v.merge(ctx, c) }()
			}
			if len(queue) == 0 || !yield(<-queue[0]) {
				return
			}
			queue = queue[1:]
		}
	}
}

const maxConcurrentReads = 8

// merge reads the segments of a window and sorts their lines by time.
func (v *View) merge(ctx context.Context, c mergeWindow) loadedWindow {
	out := loadedWindow{mergeWindow: c}
	read := make([][]Line, len(c.parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxConcurrentReads)
	for i, p := range c.parts {
		if p.line != nil {
			read[i] = []Line{*p.line}
			continue
		}
		group.Go(func() (err error) {
			read[i], err = v.lines(ctx, p)
			return err
		})
	}
	if out.err = group.Wait(); out.err != nil {
		return out
	}
	out.lines = slices.Concat(read...)
	if len(read) > 1 {
		slices.SortStableFunc(out.lines, func(a, b Line) int { return a.Time.Compare(b.Time) })
	}
	return out
}

// lines reads one segment. It always returns as many lines as the name of the segment specifies, so that the positions of
// the other lines stay valid.
func (v *View) lines(ctx context.Context, p part) ([]Line, error) {
	lines, err := v.log.read(ctx, v.language, p.step, p.segment)
	if fault.KindOf(err) == fault.NotFound { // expired or deleted
		lines, err = []Line{{Time: timeOf(p.first), Step: p.step, Level: Warning, Message: i18n.Messagef("lines that are no longer stored: %d", p.segment.lines).In(v.language)}}, nil
	}
	if err != nil {
		return nil, err
	}
	for len(lines) < p.segment.lines {
		lines = append(lines, Line{Time: timeOf(p.last), Step: p.step, Level: Info})
	}
	return lines[:p.segment.lines], nil
}
