// Package tasklog keeps what long activities say while they work, line by line, in the project's object storage: every
// replica reads it, and it outlives the worker. docs/adr/0024-logs-in-swift.md says why it looks as it does.
package tasklog

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ncw/swift/v2"
)

// Container is where the segments of all logs lie, as <task>/<step>/<segment>.
const Container = "mcm-logs"

// The levels of lines.
const (
	Info    = "info"
	Warning = "warning"
	Error   = "error"
)

// The streams of a program; a line that has none is said by the manager or by the tool that it runs.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

// Line is one line of a task's log.
type Line struct {
	Time    time.Time `json:"time"`
	Step    string    `json:"step"`
	Level   string    `json:"level" enum:"info,warning,error"`
	Message string    `json:"message"`
	Host    string    `json:"host,omitempty" doc:"name of the instance that it is about"`
	Task    string    `json:"task,omitempty" doc:"task of the playbook"`
	Stream  string    `json:"stream,omitempty" enum:"stdout,stderr" doc:"where a program wrote it; absent when it was not written by one"`
}

// String is the line as terminals and files show it.
func (l Line) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %-7s %-20s ", l.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00"), l.Level, l.Step)
	for _, part := range []string{l.Host, l.Task, l.Stream} {
		if part != "" {
			out.WriteString(part + ": ")
		}
	}
	return out.String() + strings.ReplaceAll(l.Message, "\n", "\n  ")
}

// Log writes and reads the logs of all tasks.
type Log struct {
	// Store is the project's object storage.
	Store func(ctx context.Context) (*swift.Connection, error)
	// Keep is how long a segment is kept after it was written; the storage itself deletes it.
	Keep time.Duration

	mu      sync.Mutex
	indexes map[string]*index // by task
}

// maxSegmentDelay bounds how long after its last line a segment may appear: the writer gives it up before, and readers look back
// no further.
const maxSegmentDelay = 5 * time.Minute

var escape = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

// maxMessage is how much of one line is kept.
const maxMessage = 16 << 10

// clean makes one line of text safe for every terminal: a host must not command the one of who reads its log.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, escape.ReplaceAllString(text, ""))
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + " […]"
	}
	return text
}
