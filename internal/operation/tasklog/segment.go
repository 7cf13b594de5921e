package tasklog

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// segment describes the lines of an object by its name, so a listing is the index of the log: the position of every line
// is known without reading objects.
type segment struct {
	name        string
	first, last int64  // time range of its lines in ms
	stream      string // identifies the attempt of the activity
	number      int    // in its stream, from 1
	lines       int
	errors      int
}

// folder returns the prefix of the segments of a task or of a step.
func folder(names ...string) string {
	var out strings.Builder
	for _, n := range names {
		out.WriteString(url.PathEscape(n) + "/")
	}
	return out.String()
}

// nameOf returns the name of the segment. It begins with a time, so listings are in the order of time and can start at a
// time.
func (s segment) nameOf(folder string) string {
	return fmt.Sprintf("%s%013d-%s-%06d-%d-%d-%d.jsonl", folder, s.first, s.stream, s.number, s.last-s.first, s.lines, s.errors)
}

// parse parses a name; it rejects names of other objects.
func parse(name string) (s segment, ok bool) {
	file, ok := strings.CutSuffix(name[strings.LastIndexByte(name, '/')+1:], ".jsonl")
	parts := strings.Split(file, "-")
	if !ok || len(parts) != 6 {
		return s, false
	}
	var numbers [5]int64
	for i, text := range []string{parts[0], parts[2], parts[3], parts[4], parts[5]} {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return s, false
		}
		numbers[i] = n
	}
	return segment{name: name, first: numbers[0], last: numbers[0] + numbers[2], stream: parts[1], number: int(numbers[1]),
		lines: int(numbers[3]), errors: int(numbers[4])}, true
}

// streamOf returns an ID of the attempt of an activity. Other attempts, activities of the same step and runs of the task
// have other IDs.
func streamOf(run, activity string, attempt int32) string {
	return safe.Replace(fmt.Sprintf("%s.%s.%d", run[max(0, len(run)-8):], activity, attempt))
}

var safe = strings.NewReplacer("-", "_", "/", "_", "?", "_", "%", "_")

func order(a, b segment) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.stream, b.stream), cmp.Compare(a.number, b.number))
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
