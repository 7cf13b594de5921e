package tasklog

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"mycloudmanager/internal/operation"
)

// Sizes of segments.
const (
	flushInterval   = time.Second
	segmentSize     = 64 << 10 // while the storage is fast; segments grow to the maximum while it is slow
	maxSegmentLines = 1 << 20
	maxBacklog      = 8 << 20 // of lines waiting for the storage; further lines are dropped
)

// Writer receives the lines of one attempt of an activity. It never blocks and never fails: lines that cannot be stored
// are counted, and reported in the log later.
type Writer struct {
	log    *Log
	folder string
	stream string

	mu      sync.Mutex
	open    *pendingSegment
	sealed  []*pendingSegment
	waiting int   // bytes in open and sealed segments
	last    int64 // time of the newest line
	number  int
	lost    droppedLines
	closed  bool

	wake chan struct{}
	done chan struct{}
}

// pendingSegment is a segment that is not stored yet.
type pendingSegment struct {
	segment
	body bytes.Buffer
	name string // set when it is sealed
}

// Open opens the log of the running activity. The caller closes it when the activity ends:
//
//	log := a.Log.Open(ctx)
//	defer log.Close()
func (l *Log) Open(ctx context.Context) *Writer {
	if l == nil || !activity.IsActivity(ctx) {
		return nil
	}
	info := activity.GetInfo(ctx)
	//nolint:contextcheck // the last lines are written after the activity has ended
	return l.open(operation.TaskOf(ctx), operation.StepOf(ctx), streamOf(info.WorkflowExecution.RunID, info.ActivityID, info.Attempt))
}

func (l *Log) open(task, step, stream string) *Writer {
	w := &Writer{log: l, folder: folder(task, step), stream: stream, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.flush()
	return w
}

// Write adds lines of text. A line without a time gets the current time.
func (w *Writer) Write(line Line) {
	if w == nil {
		return
	}
	if line.Level == "" {
		line.Level = Info
	}
	if line.Time.IsZero() {
		line.Time = time.Now()
	}
	line.Host, line.Task = clean(line.Host), clean(line.Task)
	text := strings.TrimRight(line.Message, "\r\n")
	w.mu.Lock()
	defer w.mu.Unlock()
	for message := range strings.SplitSeq(text, "\n") {
		line.Message = clean(message)
		w.add(line)
	}
}

// add adds a line to the open segment. A segment covers one second, so readers merge at most one second of a log.
func (w *Writer) add(line Line) {
	ms := max(line.Time.UnixMilli(), w.last) // keeps the order of the stream
	line.Time = timeOf(ms)
	if w.waiting > maxBacklog || w.closed {
		w.lost.add(ms, 1)
		return
	}
	if w.open != nil && w.open.first/1000 != ms/1000 {
		w.seal()
	}
	if w.open == nil {
		w.open = &pendingSegment{segment: segment{first: ms, stream: w.stream}}
	}
	before := w.open.body.Len()
	if json.NewEncoder(&w.open.body).Encode(record{ms, line.Level, line.Message, line.Host, line.Task, line.Stream}) != nil {
		return
	}
	w.last, w.open.last = ms, ms
	w.open.lines++
	if line.Level == Error {
		w.open.errors++
	}
	w.waiting += w.open.body.Len() - before
	if size := w.open.body.Len(); size >= maxSegmentLines || size >= segmentSize && len(w.sealed) == 0 {
		w.seal()
	}
}

// record returns the line as it is stored: the folder contains the step.
type record struct {
	At      int64  `json:"at"`
	Level   string `json:"level"`
	Message string `json:"message"`
	Host    string `json:"host,omitempty"`
	Task    string `json:"task,omitempty"`
	Stream  string `json:"stream,omitempty"`
}

// seal closes the open segment and queues it for writing.
func (w *Writer) seal() {
	if w.open == nil {
		return
	}
	w.number++
	w.open.number = w.number
	w.open.name = w.open.nameOf(w.folder)
	w.sealed = append(w.sealed, w.open)
	w.open = nil
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// closeTimeout limits how long an activity waits for its last lines at its end.
const closeTimeout = 5 * time.Second

// Close queues the rest. If the storage is unavailable, the rest is retried in the background.
func (w *Writer) Close() {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.seal()
	w.closed = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	select {
	case <-w.done:
	case <-time.After(closeTimeout):
		slog.Warn("the object storage does not take the log; it is tried on", "log", w.folder)
	}
}
