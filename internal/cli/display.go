package cli

import (
	"fmt"
	"os"
	"strings"

	"mycloudmanager/sdk"
)

// display shows the steps of a task, one line each. On a terminal the line of the running step is rewritten in place.
type display struct {
	terminal bool
	steps    map[string]string
	open     bool // the last line is to be rewritten
}

func (d *display) update(t sdk.Task) {
	for i, step := range t.Steps {
		if step.StartedAt == nil {
			continue
		}
		key := fmt.Sprint(i, step.Name)
		line := mark(step.Status) + " " + step.Title
		if step.Message != "" {
			line += ": " + step.Message
		}
		if d.steps[key] == line {
			continue
		}
		d.steps[key] = line
		if !d.terminal {
			if step.Status.Closed() || step.Status == sdk.TaskStepStatusBlocked || step.Status == sdk.TaskStepStatusRunning && step.Message == "" {
				fmt.Fprintln(os.Stderr, line)
			}
			continue
		}
		d.rewrite(line, step.Status.Closed())
	}
}

// width keeps a rewritten line on one row of any terminal.
const width = 100

func (d *display) rewrite(line string, done bool) {
	if !done && len(line) > width {
		line = strings.ToValidUTF8(line[:width], "") + "…"
	}
	if d.open {
		fmt.Fprint(os.Stderr, "\r\x1b[2K")
	}
	fmt.Fprint(os.Stderr, line)
	if d.open = !done; done {
		fmt.Fprintln(os.Stderr)
	}
}

func (d *display) end() {
	if d.open {
		fmt.Fprintln(os.Stderr)
	}
}

func mark(s sdk.TaskStepStatus) string {
	switch s {
	case sdk.TaskStepStatusSucceeded:
		return "✓"
	case sdk.TaskStepStatusFailed:
		return "✗"
	case sdk.TaskStepStatusBlocked:
		return "!"
	case sdk.TaskStepStatusCancelled, sdk.TaskStepStatusSkipped:
		return "-"
	case sdk.TaskStepStatusRunning:
		return "…"
	}
	return " "
}
