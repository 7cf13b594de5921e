package tasklog

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// segment is the decoded name of an object with log lines. The name contains the number of lines, so that a listing is
// the index of the log: the position of every line is known without reading objects.
type segment struct {
	name        string
	first, last int64  // time range of its lines in ms
	stream      string // identifies the attempt of the activity
	number      int    // number in the stream, starting at 1
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

// nameOf returns the name of the segment. It starts with the time of the first line, so that listings are in chronological
// order and can start at any time.
func (s segment) nameOf(folder string) string {
	return fmt.Sprintf("%s%013d-%s-%06d-%d-%d-%d.jsonl", folder, s.first, s.stream, s.number, s.last-s.first, s.lines, s.errors)
}

// parse parses the name of a segment. ok is false for the name of another object.
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

// streamOf returns the ID of the stream of one attempt of an activity. It differs for each attempt, for each activity of
// the same step and for each run of the task.
func streamOf(run, activity string, attempt int32) string {
	return safe.Replace(fmt.Sprintf("%s.%s.%d", run[max(0, len(run)-8):], activity, attempt))
}

// safe replaces the characters that have a meaning in the names of segments.
var safe = strings.NewReplacer("-", "_", "/", "_", "?", "_", "%", "_")

// compareSegments orders segments by time, stream and number.
func compareSegments(a, b segment) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.stream, b.stream), cmp.Compare(a.number, b.number))
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
