package tasklog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Limits of segments.
const (
	flushInterval  = time.Second
	segmentSize    = 64 << 10 // size in bytes while no other segment waits; otherwise segments grow up to maxSegmentSize
	maxSegmentSize = 1 << 20
	maxBacklog     = 8 << 20 // size in bytes of all lines that wait for the upload; further lines are dropped
)

// Writer writes the log of one attempt of an activity. Write never blocks and never fails: lines that cannot be stored
// are dropped, and a later line of the log contains their number.
type Writer struct {
	log    *Log
	folder string
	stream string

	mu      sync.Mutex
	open    *pendingSegment
	sealed  []*pendingSegment
	waiting int   // bytes in open and sealed segments
	last    int64 // time of the newest line in ms
	number  int
	dropped droppedLines
	closed  bool

	wake chan struct{}
	done chan struct{}
}

// pendingSegment is a segment that is not uploaded yet.
type pendingSegment struct {
	segment
	body bytes.Buffer
	name string // set by seal
}

// Open returns a writer for the log of the running activity, or nil outside of an activity. The methods of a nil Writer do
// nothing. The caller closes the writer when the activity ends:
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

// Write adds one log line for each line of text in line.Message, which is not translated. The default level is Info, the
// default time is now.
func (w *Writer) Write(line Line) {
	if w == nil {
		return
	}
	r := newRecord(line)
	text := strings.TrimRight(line.Message, "\r\n")
	w.mu.Lock()
	defer w.mu.Unlock()
	for message := range strings.SplitSeq(text, "\n") {
		r.Message = i18n.Verbatim(clean(message))
		w.add(r)
	}
}

// WriteMessage adds one log line with a message of the manager, which readers see in their language. line.Message is
// ignored.
func (w *Writer) WriteMessage(line Line, message i18n.Message) {
	if w == nil {
		return
	}
	r := newRecord(line)
	r.Message = message
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(r)
}

// newRecord returns the record of a line without its message.
func newRecord(line Line) record {
	if line.Time.IsZero() {
		line.Time = time.Now()
	}
	return record{At: line.Time.UnixMilli(), Level: cmp.Or(line.Level, Info), Host: clean(line.Host), Task: clean(line.Task), Stream: line.Stream}
}

// add adds a line to the open segment. A segment has lines of one second only, so that readers need to merge at most one
// second of a log.
func (w *Writer) add(r record) {
	ms := max(r.At, w.last) // the lines of a stream are in chronological order
	r.At = ms
	if w.waiting > maxBacklog || w.closed {
		w.dropped.add(ms, 1)
		return
	}
	if w.open != nil && w.open.first/1000 != ms/1000 {
		w.seal()
	}
	if w.open == nil {
		w.open = &pendingSegment{segment: segment{first: ms, stream: w.stream}}
	}
	before := w.open.body.Len()
	if json.NewEncoder(&w.open.body).Encode(r) != nil {
		return
	}
	w.last, w.open.last = ms, ms
	w.open.lines++
	if r.Level == Error {
		w.open.errors++
	}
	w.waiting += w.open.body.Len() - before
	if size := w.open.body.Len(); size >= maxSegmentSize || size >= segmentSize && len(w.sealed) == 0 {
		w.seal()
	}
}

// record is a line in a segment. The step is omitted, because it is part of the name of the segment.
type record struct {
	At      int64        `json:"at"`
	Level   string       `json:"level"`
	Message i18n.Message `json:"message"`
	Host    string       `json:"host,omitempty"`
	Task    string       `json:"task,omitempty"`
	Stream  string       `json:"stream,omitempty"`
}

// seal closes the open segment and queues it for the upload.
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

// closeTimeout is the maximum time that Close waits for the upload.
const closeTimeout = 5 * time.Second

// Close queues the remaining lines and waits for their upload. If the storage is unavailable, it returns after
// closeTimeout, and the upload is retried in the background.
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
		slog.Warn("the end of a task log is not stored yet; the upload is retried in the background", "log", w.folder)
	}
}
