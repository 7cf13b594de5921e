package tasklog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/ncw/swift/v2"
)

// Timeouts of the storage.
const (
	putTimeout    = 10 * time.Second
	againAfter    = time.Second
	afterSecond   = 5 * time.Millisecond
	keepTimeout   = 2 * time.Minute // then the segment is dropped; less than maxSegmentDelay
	reportTimeout = time.Hour       // then the report of dropped lines is dropped too
)

// droppedLines are lines that were dropped and not yet reported in the log.
type droppedLines struct {
	lines       int
	first, last int64
	reported    int // number of reports in the log
}

func (l *droppedLines) add(ms int64, lines int) {
	if l.lines == 0 {
		l.first, l.last = ms, ms
	}
	l.lines += lines
	l.last = max(l.last, ms)
}

// flush writes segments, one after the other, until the writer is closed and all segments are written.
func (w *Writer) flush() {
	defer close(w.done)
	for {
		select {
		case <-w.wake:
		case <-time.After(time.Until(time.Now().Truncate(flushInterval).Add(flushInterval + afterSecond))): // a segment covers one second
			w.mu.Lock()
			if len(w.sealed) == 0 {
				w.seal()
			}
			w.mu.Unlock()
		}
		for d := w.next(); d != nil; d = w.next() {
			w.schedule(d)
		}
		w.report()
		w.mu.Lock()
		over := w.closed && len(w.sealed) == 0 && (w.lost.lines == 0 || time.Since(timeOf(w.lost.last)) > reportTimeout)
		w.mu.Unlock()
		if over {
			return
		}
	}
}

func (w *Writer) next() *pendingSegment {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sealed) == 0 {
		return nil
	}
	return w.sealed[0]
}

// schedule writes a segment, or drops it after the timeout.
func (w *Writer) schedule(d *pendingSegment) {
	began := time.Now()
	err := w.log.put(d.name, d.body.Bytes())
	for err != nil && time.Since(began) < keepTimeout {
		time.Sleep(againAfter)
		err = w.log.put(d.name, d.body.Bytes())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sealed = w.sealed[1:]
	w.waiting -= d.body.Len()
	if err == nil {
		return
	}
	slog.Warn("lines of a task's log are lost", "segment", d.name, "lines", d.lines, "err", err)
	w.lost.add(d.last, d.lines)
	// A segment that has waited as long is unlikely to be written: drop it in favour of new lines.
	for len(w.sealed) > 0 && time.Since(timeOf(w.sealed[0].last)) > keepTimeout {
		w.lost.add(w.sealed[0].last, w.sealed[0].lines)
		w.waiting -= w.sealed[0].body.Len()
		w.sealed = w.sealed[1:]
	}
}

// report writes the number of dropped lines into the log.
func (w *Writer) report() {
	w.mu.Lock()
	l := w.lost
	w.mu.Unlock()
	if l.lines == 0 {
		return
	}
	var body bytes.Buffer
	if json.NewEncoder(&body).Encode(record{At: l.first, Level: Warning, Message: fmt.Sprintf("lines lost because the object storage did not take them: %d", l.lines)}) != nil {
		return
	}
	// A separate stream: the report may follow segments that were written later.
	s := segment{first: l.first, last: l.first, stream: w.stream + ".lost", number: l.reported + 1, lines: 1}
	if w.log.put(s.nameOf(w.folder), body.Bytes()) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost.lines -= l.lines; w.lost.lines > 0 {
		w.lost.first = l.last
	}
	w.lost.reported++
}

// put writes one object. It creates the container if necessary.
func (l *Log) put(name string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), putTimeout)
	defer cancel()
	store, err := l.Store(ctx)
	if err != nil {
		return err
	}
	headers := swift.Headers{"Content-Length": strconv.Itoa(len(body))}
	if l.Keep > 0 {
		headers["X-Delete-After"] = strconv.Itoa(int(l.Keep.Seconds()))
	}
	write := func() error {
		_, err := store.ObjectPut(ctx, Container, name, bytes.NewReader(body), false, "", "application/jsonl", headers)
		return err
	}
	if err = write(); errors.Is(err, swift.ObjectNotFound) || errors.Is(err, swift.ContainerNotFound) {
		if err = store.ContainerCreate(ctx, Container, nil); err == nil {
			err = write()
		}
	}
	return err
}
