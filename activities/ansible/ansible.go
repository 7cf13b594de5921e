// Package ansible holds the activities that work on instances over SSH and with Ansible.
package ansible

import (
	"context"
	"strings"
	"time"

	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/platform/limit"
)

// Activities holds the activities on instances.
type Activities struct {
	Runner  *ansible.Runner
	SSH     *ssh.Dialer
	Catalog *catalog.Catalog
	Cluster *cluster.Cluster
	Log     *tasklog.Log
	// ProxyCommand connects OpenSSH through a relay's socket: a subcommand of this program.
	ProxyCommand []string
	// Script is enroll.sh, which also undoes an enrollment.
	Script       string
	PollInterval time.Duration // between two polls
	limiter      limit.Limiter // bounds the hosts on which this worker runs playbooks concurrently
}

// SSHTarget is the address and host key to sign in with.
type SSHTarget struct {
	Address string
	HostKey string
}

func (s SSHTarget) host() ssh.Host { return ssh.Host{Address: s.Address, HostKey: s.HostKey} }

// HostFacts holds facts that the manager has read on an instance.
type HostFacts struct {
	Distribution string
	MachineID    string
}

// factsCommand is read-only, and fails if sudo asks for a password.
const factsCommand = "sudo -n cat /etc/os-release /etc/machine-id"

// AwaitSSH waits until the manager can sign in with the pinned host key and use sudo. The script on the instance
// authorizes the manager's key meanwhile. It is a read.
func (a *Activities) AwaitSSH(ctx context.Context, in SSHTarget) (HostFacts, error) {
	var facts HostFacts
	err := operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		out, err := a.SSH.Run(ctx, in.host(), factsCommand, "")
		if kind := fault.KindOf(err); kind == fault.Forbidden {
			return false, fault.MessageOf(err), nil
		}
		facts = factsOf(out)
		return err == nil, i18n.Message{}, err
	})
	return facts, err
}

// ProbeSSH reports whether the manager can sign in now. It is a read and tries once.
func (a *Activities) ProbeSSH(ctx context.Context, in SSHTarget) (bool, error) {
	_, err := a.SSH.Run(ctx, in.host(), factsCommand, "")
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil, nil
}

// factsOf parses os-release followed by the machine ID.
// https://www.freedesktop.org/software/systemd/man/latest/os-release.html
func factsOf(text string) HostFacts {
	values, last := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, "="); ok {
			values[name] = strings.Trim(value, `"'`)
		} else if line != "" {
			last = line
		}
	}
	return HostFacts{Distribution: strings.TrimSpace(values["ID"] + " " + values["VERSION_ID"]), MachineID: last}
}

// RemoveAccess removes from the instance what the enrollment created: the user, its key and its sudo right. This ends its
// own connection. It is idempotent: an instance that rejects the manager's key is done. It returns a message for the
// user.
func (a *Activities) RemoveAccess(ctx context.Context, in SSHTarget) (i18n.Message, error) {
	_, err := a.SSH.Run(ctx, in.host(), "sudo -n sh -s -- --uninstall", a.Script)
	for range accessChecks {
		_, again := a.SSH.Run(ctx, in.host(), "true", "")
		switch fault.KindOf(again) {
		case fault.Forbidden:
			return i18n.Message{}, nil
		case "": // the user is still being removed, or was not removed
		case fault.Invalid: // the user was removed after the sign-in; or the host key differs
			err = again
		default:
			return i18n.Message{}, again
		}
		select {
		case <-ctx.Done():
			return i18n.Message{}, ctx.Err()
		case <-time.After(a.PollInterval):
		}
	}
	if err == nil {
		err = fault.New(fault.Unavailable, nil, "%s still accepts the manager's key", in.Address)
	}
	return i18n.Message{}, err
}

// accessChecks is the number of attempts to verify that the access is removed.
const accessChecks = 5
