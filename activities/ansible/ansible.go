// Package ansible holds the activities that work on instances themselves: over SSH, and by Ansible.
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
)

// Activities works on instances.
type Activities struct {
	Runner  *ansible.Runner
	SSH     *ssh.Dialer
	Catalog *catalog.Catalog
	Cluster *cluster.Cluster
	Log     *tasklog.Log
	// Relay is the command that connects OpenSSH through a relay's socket: this very program.
	ProxySocket []string
	// Script is enroll.sh, which also takes back what it did.
	Script       string
	PollInterval time.Duration // between two looks
	limiter      limiter
}

// SSHTarget says where to sign in.
type SSHTarget struct {
	Address string
	HostKey string
}

func (s SSHTarget) host() ssh.Host { return ssh.Host{Address: s.Address, HostKey: s.HostKey} }

// HostFacts are what an instance says of itself once the manager is in.
type HostFacts struct {
	Distribution string
	MachineID    string
}

// lookAround is read-only, and shows that sudo asks for no password.
const lookAround = "sudo -n cat /etc/os-release /etc/machine-id"

// AwaitSSH waits until the manager can sign in with the pinned host key and use sudo: the script
// on the instance authorizes its key meanwhile. It is a read.
func (a *Activities) AwaitSSH(ctx context.Context, in SSHTarget) (HostFacts, error) {
	var facts HostFacts
	err := operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, string, error) {
		out, err := a.SSH.Run(ctx, in.host(), lookAround, "")
		if kind := fault.KindOf(err); kind == fault.Forbidden {
			return false, fault.MessageOf(err), nil
		}
		facts = factsOf(out)
		return err == nil, "", err
	})
	return facts, err
}

// ProbeSSH reports whether the manager can sign in now. It is a read, and asks once.
func (a *Activities) ProbeSSH(ctx context.Context, in SSHTarget) (bool, error) {
	_, err := a.SSH.Run(ctx, in.host(), lookAround, "")
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil, nil
}

// factsOf reads os-release with the machine id after it.
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

// RemoveAccess takes back on the instance what enrollment did there: the user, its key, its right to
// sudo. Its own connection ends by it. It is idempotent: an instance that does not know the manager
// any more is done. What it returns is for the user.
func (a *Activities) RemoveAccess(ctx context.Context, in SSHTarget) (string, error) {
	_, err := a.SSH.Run(ctx, in.host(), "sudo -n sh -s -- --uninstall", a.Script)
	for range accessLooks {
		_, again := a.SSH.Run(ctx, in.host(), "true", "")
		switch fault.KindOf(again) {
		case fault.Forbidden:
			return "", nil
		case "": // it is still being removed, or was not
		case fault.Invalid: // it went between the sign-in and the command; or the host key is another
			err = again
		default:
			return "", again
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(a.PollInterval):
		}
	}
	if err == nil {
		err = fault.New(fault.Unavailable, nil, "%s still lets the manager in", in.Address)
	}
	return "", err
}

// accessLooks is how often it is looked whether the manager is still let in.
const accessLooks = 5
