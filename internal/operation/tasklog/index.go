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
	// cacheTTL is the time for which a listing is shared by all readers of a task.
	cacheTTL = 400 * time.Millisecond
	// maxIndexes limits the number of tasks with cached listings.
	maxIndexes = 16
)

// index caches the segments of a task. A refresh lists only the newest part, because names are in chronological order.
type index struct {
	mu    sync.Mutex
	at    time.Time            // time of the listing
	steps map[string][]segment // by step, sorted by name
}

// segments returns the segments of the task by step. ended is the end of the task, or nil: some time after the end, the
// listing is final.
func (l *Log) segments(ctx context.Context, task string, ended *time.Time) (map[string][]segment, error) {
	i := l.indexOf(task)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isFresh(ended) {
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
	steps := map[string][]segment{} // a new map, because readers still use the previous one
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

// isFresh reports whether the last listing can be reused.
func (i *index) isFresh(ended *time.Time) bool {
	if ended != nil && i.at.After(ended.Add(maxSegmentDelay)) {
		return true
	}
	return time.Since(i.at) < cacheTTL && (ended == nil || i.at.After(*ended))
}

// refresh lists the segments of a step, except those that are too old to change: late segments may have appeared within
// maxSegmentDelay before the newest known segment.
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

const page = 10_000 // maximum number of names in one listing of Swift

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
func (l *Log) read(ctx context.Context, language, step string, s segment) ([]Line, error) {
	store, err := l.Store(ctx)
	if err != nil {
		return nil, err
	}
	body, err := store.ObjectGetBytes(ctx, Container, s.name)
	if err != nil {
		return nil, openstack.Fault("swift", err)
	}
	return decode(language, step, body)
}

func decode(language, step string, body []byte) ([]Line, error) {
	var out []Line
	for raw := range strings.Lines(string(body)) {
		var w record
		if err := json.Unmarshal([]byte(raw), &w); err != nil {
			return nil, fault.New(fault.Internal, err, "a segment of the log cannot be read: %v", err)
		}
		out = append(out, Line{Time: timeOf(w.At), Step: step, Level: w.Level, Message: w.Message.In(language), Host: w.Host, Task: w.Task, Stream: w.Stream})
	}
	return out, nil
}
