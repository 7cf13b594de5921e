// Package tasklog stores the output of long activities, line by line, in the object storage of the project, where every
// replica can read it and where it outlives the worker. docs/adr/0024-logs-in-swift.md explains the design.
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

// Container is the container of all logs. Segments are named <task>/<step>/<segment>.
const Container = "mcm-logs"

// Levels of lines.
const (
	Info    = "info"
	Warning = "warning"
	Error   = "error"
)

// Output streams of a program. A line without a stream was written by the manager or by Ansible.
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
	Host    string    `json:"host,omitempty" doc:"name of the instance that the line is about"`
	Task    string    `json:"task,omitempty" doc:"task of the Ansible playbook"`
	Stream  string    `json:"stream,omitempty" enum:"stdout,stderr" doc:"output stream of a program; absent in other lines"`
}

// String formats the line for terminals and files.
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
	// Store returns a connection to the object storage of the project.
	Store func(ctx context.Context) (*swift.Connection, error)
	// Keep is the retention of segments; the storage deletes expired ones.
	Keep time.Duration

	mu      sync.Mutex
	indexes map[string]*index // by task
}

// maxSegmentDelay is the maximum time between the last line of a segment and the upload of the segment. The writer drops a
// segment that it cannot upload in time, so readers do not list older names again.
const maxSegmentDelay = 5 * time.Minute

// escapeSequence matches an ANSI escape sequence.
var escapeSequence = regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

// maxMessage limits the length of a line in bytes.
const maxMessage = 16 << 10

// clean removes control characters and escape sequences from a line, because the output of an instance must not control
// the terminal of the reader. It truncates the line to maxMessage.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, escapeSequence.ReplaceAllString(text, ""))
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + " […]"
	}
	return text
}
