// Package ansible runs ansible-playbook and reports its progress as events. It is the only package that depends on Ansible. See
// docs/adr/0021-how-playbooks-are-run.md for the design.
package ansible

import (
	"io/fs"
	"time"

	"mycloudmanager/internal/platform/i18n"
)

// Runner runs playbooks with the installed ansible-playbook. The zero value is ready to use. Run may be called concurrently.
type Runner struct {
	Executable  string        // name or path of ansible-playbook; "" means ansible-playbook in /usr/bin or /bin
	Environment []string      // additional environment variables as NAME=value; must not contain secrets
	Grace       time.Duration // time between the interrupt and the kill of a canceled run; 0 means 10 s
}

// Play is one run of one playbook.
type Play struct {
	Files    fs.FS  // playbooks, templates and roles; each run works on a copy
	Playbook string // path of the playbook in Files; the playbook must use `hosts: all`
	Hosts    []Host

	// Variables apply to all hosts. They are passed in a file of mode 0600 that is deleted after the run, never in arguments or
	// the environment. Strings are marked as unsafe, so that Ansible does not evaluate templates in them.
	Variables map[string]any
	// Secrets are strings that are replaced by ******** in events, reasons and errors. Do not include well-known default values,
	// because every occurrence of such a word would be replaced.
	Secrets []string

	PrivateKey   []byte // in the PEM format of OpenSSH
	Jump         *Host  // the bastion, with its own pinned host keys; nil means a direct connection
	ProxyCommand string // value of OpenSSH's option ProxyCommand, used instead of Jump

	Forks   int           // maximum number of hosts that tasks run on in parallel; 0 means 10
	Check   bool          // check mode: report changes without making them
	Timeout time.Duration // of the whole run; 0 means that only the context limits the run
}

// Host is a host that a play runs on, or a bastion.
type Host struct {
	Name      string // name in events and in the recap: any text, unique in the play
	Address   string
	User      string
	Port      int            // 0 means 22
	HostKeys  []string       // pinned host keys in authorized_keys format; other keys are refused
	Variables map[string]any // take precedence over the variables of the play
}

// The kinds of events. KindPlay and KindTask mark the start of a play or task and have no host.
const (
	KindPlay        = "play"
	KindTask        = "task"
	KindStart       = "start" // a host starts the task
	KindItem        = "item"  // an iteration of a loop ended; Message is the item, with the reason if the iteration failed
	KindRetry       = "retry" // a try failed and will be repeated
	KindOK          = "ok"
	KindSkipped     = "skipped"
	KindFailed      = "failed"
	KindUnreachable = "unreachable"
)

// Event is an event of a run.
type Event struct {
	At      time.Time    `json:"at"`
	Kind    string       `json:"kind"`
	Host    string       `json:"host,omitempty"`
	Task    string       `json:"task,omitempty"`
	Action  string       `json:"action,omitempty"` // name of the module
	Changed bool         `json:"changed,omitempty"`
	Ignored bool         `json:"ignored,omitempty"` // the task failed, but the playbook ignores the failure
	Failed  bool         `json:"failed,omitempty"`  // the item failed
	Message i18n.Message `json:"message,omitzero"`
	Stdout  string       `json:"stdout,omitempty"`
	Stderr  string       `json:"stderr,omitempty"`
}

// HostRecap counts the task results of one host, like Ansible's PLAY RECAP.
type HostRecap struct {
	OK          int          `json:"ok"`
	Changed     int          `json:"changed"`
	Skipped     int          `json:"skipped"`
	Failed      int          `json:"failed"`
	Unreachable int          `json:"unreachable"`
	Reason      i18n.Message `json:"reason,omitzero"` // description of the first failure; empty if the host succeeded
}

// Succeeded reports whether the playbook completed on the host without failure.
func (h HostRecap) Succeeded() bool { return h.Reason.IsZero() }

// Recap holds the recap of every host of the play by name, including hosts that the playbook did not reach.
type Recap map[string]HostRecap

// HostKeyMismatch returns the Reason of a host whose host key is not among the pinned keys.
func HostKeyMismatch() i18n.Message { return i18n.Messagef("host key is not the pinned one") }
