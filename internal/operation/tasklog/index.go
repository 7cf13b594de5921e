package tasklog

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

const (
	// cacheTTL is the time for which all readers of a task reuse a listing.
	cacheTTL = 400 * time.Millisecond
	// maxIndexes limits the number of tasks with cached listings.
	maxIndexes = 16
)

// index holds the known segments of a task. A refresh lists only segments that may be new: names are in the order of
// time.
type index struct {
	mu    sync.Mutex
	at    time.Time
	steps map[string][]segment // by step, in the order of names
}

// segments returns the segments of the task by step. The segments of a task that has ended are complete.
func (l *Log) segments(ctx context.Context, task string, ended *time.Time) (map[string][]segment, error) {
	i := l.indexOf(task)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.good(ended) {
		return i.steps, nil
	}
	store, err := l.Store(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	folders, err := list(ctx, store, &swift.ObjectsOpts{Prefix: folder(task), Delimiter: '/'})
	if err != nil {
		return nil, err
	}
	steps := map[string][]segment{} // a new map: readers use the old one
	for _, f := range folders {
		step, err := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(f, folder(task)), "/"))
		if err != nil || !strings.HasSuffix(f, "/") {
			continue
		}
		if steps[step], err = refresh(ctx, store, f, i.steps[step], now); err != nil {
			return nil, err
		}
	}
	i.steps, i.at = steps, now
	return steps, nil
}

// good reports whether the last listing is recent enough for a reader.
func (i *index) good(ended *time.Time) bool {
	if ended != nil && i.at.After(ended.Add(maxSegmentDelay)) {
		return true
	}
	return time.Since(i.at) < cacheTTL && (ended == nil || i.at.After(*ended))
}

// refresh lists the new segments of a step. The part of the listing in which late segments may appear is read again.
func refresh(ctx context.Context, store *swift.Connection, folder string, known []segment, now time.Time) ([]segment, error) {
	marker := ""
	if len(known) > 0 {
		newest := min(now.UnixMilli(), known[len(known)-1].first)
		marker = folder + segment{first: max(0, newest-maxSegmentDelay.Milliseconds())}.nameOf("")[:13]
	}
	names, err := list(ctx, store, &swift.ObjectsOpts{Prefix: folder, Marker: marker, KeepMarker: true})
	if err != nil {
		return nil, err
	}
	at, _ := slices.BinarySearchFunc(known, marker, func(s segment, m string) int { return strings.Compare(s.name, m) })
	out := slices.Clone(known[:at])
	for _, name := range names {
		if s, ok := parse(name); ok {
			out = append(out, s)
		}
	}
	return out, nil
}

const page = 10_000 // names in one listing of Swift

func list(ctx context.Context, store *swift.Connection, opts *swift.ObjectsOpts) ([]string, error) {
	opts.Limit = page
	names, err := store.ObjectNamesAll(ctx, Container, opts)
	if errors.Is(err, swift.ContainerNotFound) {
		return nil, nil
	}
	return names, openstack.Fault("swift", err)
}

func (l *Log) indexOf(task string) *index {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i, ok := l.indexes[task]; ok {
		return i
	}
	if l.indexes == nil || len(l.indexes) >= maxIndexes {
		l.indexes = map[string]*index{} // the next read lists again
	}
	l.indexes[task] = &index{}
	return l.indexes[task]
}

// read returns the lines of a segment.
func (l *Log) read(ctx context.Context, step string, s segment) ([]Line, error) {
	store, err := l.Store(ctx)
	if err != nil {
		return nil, err
	}
	body, err := store.ObjectGetBytes(ctx, Container, s.name)
	if err != nil {
		return nil, openstack.Fault("swift", err)
	}
	return decode(step, body)
}

func decode(step string, body []byte) ([]Line, error) {
	var out []Line
	for raw := range strings.Lines(string(body)) {
		var w record
		if err := json.Unmarshal([]byte(raw), &w); err != nil {
			return nil, fault.New(fault.Internal, err, "a segment of the log cannot be read: %v", err)
		}
		out = append(out, Line{Time: timeOf(w.At), Step: step, Level: w.Level, Message: w.Message, Host: w.Host, Task: w.Task, Stream: w.Stream})
	}
	return out, nil
}
