package tasklog

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// segment is what the name of an object tells of the lines in it. A listing is thereby the whole index of a log: which
// line is where is known without a read.
type segment struct {
	name        string
	first, last int64  // times of its lines in ms
	stream      string // the attempt of the activity that wrote it
	number      int    // in its stream, from 1
	lines       int
	errors      int
}

// folder is where a task's or a step's segments lie.
func folder(names ...string) string {
	var out strings.Builder
	for _, n := range names {
		out.WriteString(url.PathEscape(n) + "/")
	}
	return out.String()
}

// nameOf is the segment's name. It begins with a time, so that listings are in the order of time and what is new can be
// asked for.
func (s segment) nameOf(folder string) string {
	return fmt.Sprintf("%s%013d-%s-%06d-%d-%d-%d.jsonl", folder, s.first, s.stream, s.number, s.last-s.first, s.lines, s.errors)
}

// parse reads a name; what is no segment of ours is left out.
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

// streamOf names the attempt of an activity: other attempts, shares of the step and runs of the task have other names.
func streamOf(run, activity string, attempt int32) string {
	return safe.Replace(fmt.Sprintf("%s.%s.%d", run[max(0, len(run)-8):], activity, attempt))
}

var safe = strings.NewReplacer("-", "_", "/", "_", "?", "_", "%", "_")

func order(a, b segment) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.stream, b.stream), cmp.Compare(a.number, b.number))
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
