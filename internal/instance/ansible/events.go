package ansible

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"mycloudmanager/internal/platform/i18n"
)

// line is a line of JSON that the callback plugin mcm_events writes.
type line struct {
	Kind    string                    `json:"kind"`
	At      float64                   `json:"at"`
	Host    string                    `json:"host"`
	Task    string                    `json:"task"`
	Action  string                    `json:"action"`
	Changed bool                      `json:"changed"`
	Ignored bool                      `json:"ignored"`
	Failed  bool                      `json:"failed"` // the item failed
	Message string                    `json:"message"`
	Stdout  string                    `json:"stdout"`
	Stderr  string                    `json:"stderr"`
	Stats   map[string]map[string]int `json:"stats"`
}

// reader converts the lines to events and collects the data for the recap.
type reader struct {
	names   map[string]string // by alias
	mask    *strings.Replacer
	onEvent func(Event)
	ssh     connectionDiagnostics
	any     bool                      // at least one event was received
	stats   map[string]map[string]int // Ansible's final statistics by alias; nil until the playbook has ended
	counts  map[string]*HostRecap     // by alias, counted from the events
	reasons map[string]i18n.Message   // by alias: the first failure that was not ignored
	items   map[string]string         // by alias: the first item that failed in the running task
}

// connectionDiagnostics returns the errors of ssh, for cases in which Ansible does not report why a host is unreachable.
type connectionDiagnostics interface {
	bastionError() string         // error output of the ssh processes that connect to the bastion
	sshError(alias string) string // error output of a new ssh connection to the host
}

func newReader(p Play, ssh connectionDiagnostics, onEvent func(Event)) *reader {
	r := &reader{names: names(p), mask: masker(p.Secrets), onEvent: onEvent, ssh: ssh,
		counts: map[string]*HostRecap{}, reasons: map[string]i18n.Message{}, items: map[string]string{}}
	for a := range r.names {
		r.counts[a] = &HostRecap{}
	}
	return r
}

// masker returns a replacer that masks the secrets.
func masker(secrets []string) *strings.Replacer {
	sorted := slices.Clone(secrets) // longest first, because a secret may be a prefix of another
	slices.SortFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range sorted {
		if s != "" {
			pairs = append(pairs, s, "********")
		}
	}
	return strings.NewReplacer(pairs...)
}

// read reads the lines of the pipe until its end. It does not use bufio.Scanner, because a line may be longer than its buffer.
func (r *reader) read(pipe io.Reader) {
	in := bufio.NewReader(pipe)
	for {
		raw, err := in.ReadBytes('\n')
		var l line
		if len(raw) > 0 && json.Unmarshal(raw, &l) == nil {
			r.handle(l)
		}
		if err != nil {
			return
		}
	}
}

func (r *reader) handle(l line) {
	r.any = true
	if l.Kind == "stats" {
		r.stats = l.Stats
		return
	}
	e := Event{
		At: time.UnixMicro(int64(l.At * 1e6)).UTC(), Kind: l.Kind, Host: r.names[l.Host], Task: r.mask.Replace(l.Task), Action: l.Action,
		Changed: l.Changed, Ignored: l.Ignored, Failed: l.Failed, Message: i18n.Verbatim(r.mask.Replace(l.Message)),
		Stdout: r.mask.Replace(l.Stdout), Stderr: r.mask.Replace(l.Stderr),
	}
	if l.Kind == KindUnreachable {
		message := e.Message.String()
		if strings.Contains(message, "Data could not be sent") {
			message = r.ssh.sshError(l.Host)
		}
		e.Message = unreachableReason(message, r.ssh.bastionError())
	}
	if c := r.counts[l.Host]; c != nil {
		r.count(c, l, e)
	}
	if r.onEvent != nil {
		r.onEvent(e)
	}
}

func (r *reader) count(c *HostRecap, l line, e Event) {
	switch l.Kind {
	case KindStart:
		delete(r.items, l.Host)
	case KindItem:
		if _, ok := r.items[l.Host]; !ok && l.Failed {
			r.items[l.Host] = e.Message.String()
		}
	case KindOK:
		c.OK++
		if l.Changed {
			c.Changed++
		}
	case KindSkipped:
		c.Skipped++
	case KindUnreachable:
		c.Unreachable++
		r.setReason(l.Host, e.Message)
	case KindFailed:
		if l.Ignored {
			c.OK++
			return
		}
		c.Failed++
		r.setReason(l.Host, r.reason(l.Host, e))
	}
}

// setReason records the reason why a host failed, unless an earlier reason is recorded.
func (r *reader) setReason(host string, reason i18n.Message) {
	if r.reasons[host].IsZero() {
		r.reasons[host] = reason
	}
}

// genericMessages are prefixes of messages of Ansible that do not contain the cause, which is in the standard error.
var genericMessages = []string{"non-zero return code", "MODULE FAILURE", "The module failed to execute correctly"}

// reason returns one sentence that describes why a task failed. It prefers the message of the failed loop item or of the failed
// command to the generic message of Ansible.
func (r *reader) reason(host string, e Event) i18n.Message {
	message := e.Message.String()
	if item, ok := r.items[host]; ok {
		message = item
	}
	if last := lastLine(e.Stderr); last != "" && (message == "" || isGeneric(message)) {
		message = last
	}
	if message == "" {
		return i18n.Messagef("%s: %s", e.Task, i18n.Messagef("failed without a message"))
	}
	return i18n.Messagef("%s: %s", e.Task, message)
}

func isGeneric(message string) bool {
	return slices.ContainsFunc(genericMessages, func(prefix string) bool { return strings.HasPrefix(message, prefix) })
}

// recap returns the recap of all hosts. It uses the final statistics of Ansible for hosts that have them, and otherwise the counts
// of the events. reason is the reason for hosts that did not complete the playbook and have no other reason.
func (r *reader) recap(reason i18n.Message) Recap {
	out := Recap{}
	for a, name := range r.names {
		h := *r.counts[a]
		s, ended := r.stats[a]
		if ended {
			h = HostRecap{OK: s["ok"], Changed: s["changed"], Skipped: s["skipped"], Failed: s["failures"], Unreachable: s["unreachable"]}
		}
		switch {
		case h.Failed+h.Unreachable > 0:
			h.Reason = r.reasons[a]
			if h.Reason.IsZero() {
				h.Reason = i18n.Messagef("failed without a reason from Ansible")
			}
		case !ended:
			h.Reason = reason
		}
		out[name] = h
	}
	return out
}

// anyFailed reports whether the final statistics of Ansible contain a failed or unreachable host.
func (r *reader) anyFailed() bool {
	for _, s := range r.stats {
		if s["failures"]+s["unreachable"] > 0 {
			return true
		}
	}
	return false
}

// unreachableReason returns a short reason for an unreachable host. It recognizes the errors that need different actions of the
// user. message is the message of Ansible or ssh; bastion is the error output of the connection to the bastion.
func unreachableReason(message, bastion string) i18n.Message {
	switch {
	case strings.Contains(message, "UNKNOWN port") && bastion != "":
		return i18n.Messagef("bastion: %s", unreachableReason(bastion, ""))
	case strings.Contains(message, "Host key verification failed"), strings.Contains(message, "REMOTE HOST IDENTIFICATION HAS CHANGED"),
		strings.Contains(message, "host key is known for"):
		return HostKeyMismatch()
	case strings.Contains(message, "Permission denied ("):
		return i18n.Messagef("the host refuses the manager's SSH key: %s", lastLine(message))
	}
	if last := lastLine(strings.TrimPrefix(message, "Failed to connect to the host via ssh:")); last != "" {
		return i18n.Verbatim(last)
	}
	return i18n.Messagef("the host cannot be reached")
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
