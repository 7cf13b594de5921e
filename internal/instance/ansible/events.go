package ansible

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
)

// line is what the callback plugin writes.
type line struct {
	Kind    string                    `json:"kind"`
	At      float64                   `json:"at"`
	Host    string                    `json:"host"`
	Task    string                    `json:"task"`
	Action  string                    `json:"action"`
	Changed bool                      `json:"changed"`
	Ignored bool                      `json:"ignored"`
	Failed  bool                      `json:"failed"` // of an item
	Message string                    `json:"message"`
	Stdout  string                    `json:"stdout"`
	Stderr  string                    `json:"stderr"`
	Stats   map[string]map[string]int `json:"stats"`
}

// reader turns lines into events and keeps what the recap needs.
type reader struct {
	names   map[string]string // by alias
	mask    *strings.Replacer
	on      func(Event)
	ssh     connectionDiagnostics
	any     bool                      // an event came at all
	stats   map[string]map[string]int // by alias; nil until the playbook ended
	counts  map[string]*HostRecap     // by alias, counted along the way
	reasons map[string]string         // by alias: the first failure that was not ignored
	items   map[string]string         // by alias: the first item that failed in the running task
}

// connectionDiagnostics is asked why a host was not reached, when Ansible cannot tell.
type connectionDiagnostics interface {
	bastionError() string         // what ssh complained of on its way through the bastion
	sshError(alias string) string // what ssh complains of when it is asked for the host once more
}

func newReader(p Play, ssh connectionDiagnostics, on func(Event)) *reader {
	r := &reader{names: names(p), mask: masker(p.Secrets), on: on, ssh: ssh, counts: map[string]*HostRecap{}, reasons: map[string]string{}, items: map[string]string{}}
	for a := range r.names {
		r.counts[a] = &HostRecap{}
	}
	return r
}

func masker(secrets []string) *strings.Replacer {
	longest := slices.Clone(secrets) // first: a secret may begin like another
	slices.SortFunc(longest, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range longest {
		if s != "" {
			pairs = append(pairs, s, "********")
		}
	}
	return strings.NewReplacer(pairs...)
}

// read follows the pipe to its end. A line may be long: a Scanner would give up.
func (r *reader) read(pipe io.Reader) {
	in := bufio.NewReader(pipe)
	for {
		raw, err := in.ReadBytes('\n')
		var l line
		if len(raw) > 0 && json.Unmarshal(raw, &l) == nil {
			r.take(l)
		}
		if err != nil {
			return
		}
	}
}

func (r *reader) take(l line) {
	r.any = true
	if l.Kind == "stats" {
		r.stats = l.Stats
		return
	}
	e := Event{
		At: time.UnixMicro(int64(l.At * 1e6)).UTC(), Kind: l.Kind, Host: r.names[l.Host], Task: r.mask.Replace(l.Task), Action: l.Action,
		Changed: l.Changed, Ignored: l.Ignored, Failed: l.Failed, Message: r.mask.Replace(l.Message), Stdout: r.mask.Replace(l.Stdout), Stderr: r.mask.Replace(l.Stderr),
	}
	if l.Kind == KindUnreachable {
		said := e.Message
		if strings.Contains(said, "Data could not be sent") {
			said = r.ssh.sshError(l.Host)
		}
		e.Message = unreachable(said, r.ssh.bastionError())
	}
	if c := r.counts[l.Host]; c != nil {
		r.count(c, l, e)
	}
	if r.on != nil {
		r.on(e)
	}
}

func (r *reader) count(c *HostRecap, l line, e Event) {
	switch l.Kind {
	case KindStart:
		delete(r.items, l.Host)
	case KindItem:
		if _, ok := r.items[l.Host]; !ok && l.Failed {
			r.items[l.Host] = e.Message
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
		r.markUnreachable(l.Host, e.Message)
	case KindFailed:
		if l.Ignored {
			c.OK++
			return
		}
		c.Failed++
		r.markUnreachable(l.Host, r.reason(l.Host, e))
	}
}

func (r *reader) markUnreachable(host, reason string) {
	if r.reasons[host] == "" {
		r.reasons[host] = reason
	}
}

// noMessage is how Ansible's own words begin when what is the matter was said by somebody else.
var noMessage = []string{"non-zero return code", "MODULE FAILURE", "The module failed to execute correctly"}

// reason says in one sentence why a task failed: Ansible's own words hide those of the command or the loop's item.
func (r *reader) reason(host string, e Event) string {
	said := e.Message
	if item, ok := r.items[host]; ok {
		said = item
	}
	if last := lastLine(e.Stderr); last != "" && (said == "" || slices.ContainsFunc(noMessage, func(words string) bool { return strings.HasPrefix(said, words) })) {
		said = last
	}
	if said == "" {
		said = "failed without a word"
	}
	return e.Task + ": " + said
}

// recap trusts the stats that Ansible gives at its end, and what was counted when it did not come so far. why is the
// reason of hosts that have none of their own and did not come to the end.
func (r *reader) recap(why string) Recap {
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
			if h.Reason == "" {
				h.Reason = "it failed and Ansible does not say why"
			}
		case !ended:
			h.Reason = why
		}
		out[name] = h
	}
	return out
}

// anyFailed tells whether Ansible's own stats count a failure.
func (r *reader) anyFailed() bool {
	for _, s := range r.stats {
		if s["failures"]+s["unreachable"] > 0 {
			return true
		}
	}
	return false
}

// unreachable says in our words what ssh says in many: first the faults that people must tell apart. bastion is what ssh
// said on the way, when the way ended before the host.
func unreachable(said, bastion string) string {
	switch {
	case strings.Contains(said, "UNKNOWN port") && bastion != "":
		return "bastion: " + unreachable(bastion, "")
	case strings.Contains(said, "Host key verification failed"), strings.Contains(said, "REMOTE HOST IDENTIFICATION HAS CHANGED"), strings.Contains(said, "host key is known for"):
		return HostKeyMismatch
	case strings.Contains(said, "Permission denied ("):
		return "the host does not let the manager's key in: " + lastLine(said)
	}
	if last := lastLine(strings.TrimPrefix(said, "Failed to connect to the host via ssh:")); last != "" {
		return last
	}
	return "the host cannot be reached"
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
