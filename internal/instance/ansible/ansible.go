// Package ansible runs ansible-playbook and tells what it does as it happens. It is the only place that knows Ansible;
// docs/adr/0021-how-playbooks-are-run.md says why it is a package of ours.
package ansible

import (
	"io/fs"
	"time"
)

// Runner runs playbooks with the ansible-playbook of the machine. Its zero value is ready; runs may overlap.
type Runner struct {
	Executable  string        // "" is ansible-playbook, looked for in /usr/bin and /bin
	Environment []string      // added to the little that a run is given, as NAME=value; never secrets
	Grace       time.Duration // between the polite stop and the hard one; 0 is 10 s
}

// Play is one run of one playbook.
type Play struct {
	Files    fs.FS  // the folder with playbooks, templates and roles; a run has its own copy
	Playbook string // its path in Files; it says `hosts: all`
	Hosts    []Host

	// Variables are given to all hosts in a file of mode 0600 that ends with the run, never in argv or environment.
	// Texts are data: Ansible never takes a {{ }} in them for a template.
	Variables map[string]any
	// Secrets are texts that no event, reason or error may show; each is replaced by ********. A default that everybody
	// knows is none: it would be replaced wherever it is a word.
	Secrets []string

	PrivateKey   []byte // in OpenSSH's PEM form
	Jump         *Host  // the bastion, with its own pinned keys; nil is a direct connection
	ProxyCommand string // in the place of Jump: a command for OpenSSH's option of that name

	Forks   int           // hosts at once; 0 is 10
	Check   bool          // say what would change and change nothing
	Timeout time.Duration // for all of it; 0 is none but ctx's own
}

// Host is a machine that a play is run on.
type Host struct {
	Name      string // as events and recap call it: any text, each once
	Address   string
	User      string
	Port      int            // 0 is 22
	HostKeys  []string       // the pinned keys, as authorized_keys has them; any other key is refused
	Variables map[string]any // win over those of the play
}

// The kinds of events. Play and Task have no host: they say what begins.
const (
	KindPlay        = "play"
	KindTask        = "task"
	KindStart       = "start" // a host begins the task
	KindItem        = "item"  // one turn of a loop ended; Message is the item, or why it failed
	KindRetry       = "retry" // a try failed and there are more
	KindOK          = "ok"
	KindSkipped     = "skipped"
	KindFailed      = "failed"
	KindUnreachable = "unreachable"
)

// Event is one thing that happened, in order.
type Event struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Host    string    `json:"host,omitempty"`
	Task    string    `json:"task,omitempty"`
	Action  string    `json:"action,omitempty"` // the module
	Changed bool      `json:"changed,omitempty"`
	Ignored bool      `json:"ignored,omitempty"` // it failed, and the playbook goes on
	Failed  bool      `json:"failed,omitempty"`  // of an item
	Message string    `json:"message,omitempty"`
	Stdout  string    `json:"stdout,omitempty"`
	Stderr  string    `json:"stderr,omitempty"`
}

// HostRecap counts what happened on one host.
type HostRecap struct {
	OK          int    `json:"ok"`
	Changed     int    `json:"changed"`
	Skipped     int    `json:"skipped"`
	Failed      int    `json:"failed"`
	Unreachable int    `json:"unreachable"`
	Reason      string `json:"reason,omitempty"` // why it did not succeed: the first failure in words
}

// Succeeded reports whether the playbook ran to its end on the host.
func (h HostRecap) Succeeded() bool { return h.Reason == "" }

// Recap has every host that was asked for, also one that the playbook never reached.
type Recap map[string]HostRecap

// HostKeyMismatch is the reason when a host answers with a key that is not pinned.
const HostKeyMismatch = "host key is not the pinned one"
