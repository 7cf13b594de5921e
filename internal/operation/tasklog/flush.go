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

// How the storage is waited for.
const (
	putTimeout  = 10 * time.Second
	againAfter  = time.Second
	afterSecond = 5 * time.Millisecond
	keepTimeout = 2 * time.Minute // then a segment is given up; less than lateness
	tellTimeout = time.Hour       // then it is not even told that lines were lost
)

// droppedLines are lines that could not be kept since the log last said so.
type droppedLines struct {
	lines       int
	first, last int64
	reported    int // how often the log said so
}

func (l *droppedLines) add(ms int64, lines int) {
	if l.lines == 0 {
		l.first, l.last = ms, ms
	}
	l.lines += lines
	l.last = max(l.last, ms)
}

// flush writes segments, one after the other, until the writer is closed and nothing is left.
func (w *Writer) flush() {
	defer close(w.done)
	for {
		select {
		case <-w.wake:
		case <-time.After(time.Until(time.Now().Truncate(flushInterval).Add(flushInterval + afterSecond))): // segments are of one second
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
		over := w.closed && len(w.sealed) == 0 && (w.lost.lines == 0 || time.Since(timeOf(w.lost.last)) > tellTimeout)
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

// schedule writes a segment, or gives it up after its time.
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
	// What waited as long has no better chance: it makes room for what is said now.
	for len(w.sealed) > 0 && time.Since(timeOf(w.sealed[0].last)) > keepTimeout {
		w.lost.add(w.sealed[0].last, w.sealed[0].lines)
		w.waiting -= w.sealed[0].body.Len()
		w.sealed = w.sealed[1:]
	}
}

// report writes into the log that lines were lost.
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
	// A stream of its own: it may come after segments that were taken since.
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

// put writes one object, and makes the container when there is none.
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
