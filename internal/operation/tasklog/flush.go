package tasklog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/platform/i18n"
)

// Timeouts and intervals of uploads.
const (
	putTimeout    = 10 * time.Second
	retryInterval = time.Second
	flushOffset   = 5 * time.Millisecond // after the end of a second
	dropTimeout   = 2 * time.Minute      // a segment that is not uploaded by then is dropped; less than maxSegmentDelay
	reportTimeout = time.Hour            // a report of dropped lines that is not uploaded by then is dropped
)

// droppedLines counts lines that were dropped and are not yet reported in the log.
type droppedLines struct {
	lines       int
	first, last int64 // time range in ms
	reported    int   // number of reports in the log
}

func (l *droppedLines) add(ms int64, lines int) {
	if l.lines == 0 {
		l.first, l.last = ms, ms
	}
	l.lines += lines
	l.last = max(l.last, ms)
}

// flush uploads the segments one after the other until the writer is closed and all segments are uploaded.
func (w *Writer) flush() {
	defer close(w.done)
	for {
		select {
		case <-w.wake:
		case <-time.After(time.Until(time.Now().Truncate(flushInterval).Add(flushInterval + flushOffset))): // at the end of the second
			w.mu.Lock()
			if len(w.sealed) == 0 {
				w.seal()
			}
			w.mu.Unlock()
		}
		for d := w.next(); d != nil; d = w.next() {
			w.upload(d)
		}
		w.report()
		w.mu.Lock()
		finished := w.closed && len(w.sealed) == 0 && (w.dropped.lines == 0 || time.Since(timeOf(w.dropped.last)) > reportTimeout)
		w.mu.Unlock()
		if finished {
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

// upload uploads a segment, or drops it after the timeout.
func (w *Writer) upload(d *pendingSegment) {
	began := time.Now()
	err := w.log.put(d.name, d.body.Bytes())
	for err != nil && time.Since(began) < dropTimeout {
		time.Sleep(retryInterval)
		err = w.log.put(d.name, d.body.Bytes())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sealed = w.sealed[1:]
	w.waiting -= d.body.Len()
	if err == nil {
		return
	}
	slog.Warn("lines of a task log were dropped", "segment", d.name, "lines", d.lines, "err", err)
	w.dropped.add(d.last, d.lines)
	// Drop all queued segments that are older than the timeout: newer lines are more useful.
	for len(w.sealed) > 0 && time.Since(timeOf(w.sealed[0].last)) > dropTimeout {
		w.dropped.add(w.sealed[0].last, w.sealed[0].lines)
		w.waiting -= w.sealed[0].body.Len()
		w.sealed = w.sealed[1:]
	}
}

// report adds a line with the number of dropped lines to the log.
func (w *Writer) report() {
	w.mu.Lock()
	l := w.dropped
	w.mu.Unlock()
	if l.lines == 0 {
		return
	}
	var body bytes.Buffer
	if json.NewEncoder(&body).Encode(record{At: l.first, Level: Warning, Message: i18n.Messagef("lines dropped because the object storage was unavailable: %d", l.lines)}) != nil {
		return
	}
	// The report has its own stream, because it may be uploaded after segments with newer lines.
	s := segment{first: l.first, last: l.first, stream: w.stream + ".lost", number: l.reported + 1, lines: 1}
	if w.log.put(s.nameOf(w.folder), body.Bytes()) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped.lines -= l.lines; w.dropped.lines > 0 {
		w.dropped.first = l.last
	}
	w.dropped.reported++
}

// put uploads one object. It creates the container if necessary.
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
