package ansible

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
)

//go:embed files
var files embed.FS

// workdir is the working directory of one run. Only its owner can read it, and it is deleted after the run.
type workdir struct {
	path string
	lock *os.File // locked during the run, so that later runs can detect directories of killed processes
}

const workdirPrefix = "mcm-ansible-"

func newWorkdir(p Play) (*workdir, error) {
	base := os.TempDir()
	if len(base) > 40 { // it contains Unix sockets, whose paths have at most 107 bytes
		base = "/tmp"
	}
	removeStale(base)
	path, err := os.MkdirTemp(base, workdirPrefix)
	if err != nil {
		return nil, err
	}
	f := &workdir{path: path}
	if err := f.fill(p); err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

func (f *workdir) file(name string) string { return filepath.Join(f.path, name) }

func (f *workdir) fill(p Play) error {
	var err error
	if f.lock, err = os.OpenFile(f.file("lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	if p.Files == nil || !filepath.IsLocal(p.Playbook) {
		return fault.New(fault.Invalid, nil, "there is no playbook %s", p.Playbook)
	}
	if err := os.CopyFS(f.file("play"), p.Files); err != nil {
		return err
	}
	if _, err := os.Stat(f.file("play/" + p.Playbook)); err != nil {
		return fault.New(fault.Invalid, err, "there is no playbook %s", p.Playbook)
	}
	for _, dir := range []string{"plugins", "sockets", "tmp"} {
		if err := os.Mkdir(f.file(dir), 0o700); err != nil {
			return err
		}
	}
	if err := writeEmbedded("files/mcm_events.py", f.file("plugins/mcm_events.py")); err != nil {
		return err
	}
	if err := writeEmbedded("files/ansible.cfg", f.file("ansible.cfg")); err != nil {
		return err
	}
	known, err := knownHosts(p)
	if err != nil {
		return err
	}
	hosts, err := inventory(p)
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{"key": p.PrivateKey, "known_hosts": known, "ssh_config": f.sshConfig(p), "inventory.yml": hosts} {
		if err := os.WriteFile(f.file(name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func writeEmbedded(name, to string) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

func (f *workdir) remove() {
	_ = os.RemoveAll(f.path) // a later run deletes the rest
	if f.lock != nil {
		_ = f.lock.Close()
	}
}

// removeStale deletes the working directories of runs whose process was killed, because they contain private keys.
func removeStale(base string) {
	old, err := filepath.Glob(filepath.Join(base, workdirPrefix+"*"))
	if err != nil {
		return
	}
	for _, path := range old {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue // not a working directory, or possibly not locked yet
		}
		lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, fs.ErrNotExist) {
			_ = os.RemoveAll(path)
		}
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(path)
		}
		_ = lock.Close()
	}
}

// alias returns the name of the nth host for ssh and Ansible. The names of instances are not used, because they may contain any
// characters.
func alias(n int) string { return fmt.Sprintf("h%d", n) }

const jumpAlias = "bastion"

var (
	address = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:_%-]*$`)
	account = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
)

func (h Host) validate() error {
	switch {
	case !address.MatchString(h.Address):
		return fault.New(fault.Invalid, nil, "%s: %q is not an address", h.Name, h.Address)
	case !account.MatchString(h.User):
		return fault.New(fault.Invalid, nil, "%s: %q is not a user name", h.Name, h.User)
	case h.Port < 0 || h.Port > 65535:
		return fault.New(fault.Invalid, nil, "%s: %d is not a port number", h.Name, h.Port)
	case len(h.HostKeys) == 0:
		return fault.New(fault.Invalid, nil, "%s: no host key is pinned", h.Name)
	}
	return nil
}

// knownHosts returns the known_hosts file of the run. It contains the pinned keys by alias instead of address, because an address
// can be reassigned to another host.
func knownHosts(p Play) ([]byte, error) {
	var out strings.Builder
	pin := func(name string, h Host) error {
		if err := h.validate(); err != nil {
			return err
		}
		for _, line := range h.HostKeys {
			key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
			if err != nil {
				return fault.New(fault.Invalid, err, "%s: a pinned host key cannot be read", h.Name)
			}
			fmt.Fprintf(&out, "%s %s", name, ssh.MarshalAuthorizedKey(key))
		}
		return nil
	}
	for n, h := range p.Hosts {
		if err := pin(alias(n), h); err != nil {
			return nil, err
		}
	}
	if p.Jump != nil {
		if err := pin(jumpAlias, *p.Jump); err != nil {
			return nil, err
		}
	}
	return []byte(out.String()), nil
}

// sshConfig returns the OpenSSH configuration of the run. OpenSSH does not read the system's configuration in addition.
// https://man.openbsd.org/ssh_config
func (f *workdir) sshConfig(p Play) []byte {
	var out strings.Builder
	proxy := ""
	switch {
	case p.Jump != nil:
		// Not ProxyJump, because ssh then discards the error output of the bastion connection when connections are shared.
		proxy = fmt.Sprintf("  ProxyCommand /usr/bin/ssh -F %s -E %s -W [%%h]:%%p %s\n", f.file("ssh_config"), f.file("bastion.log"), jumpAlias)
	case p.ProxyCommand != "":
		proxy = "  ProxyCommand " + strings.ReplaceAll(p.ProxyCommand, "\n", " ") + "\n"
	}
	add := func(name string, h Host, proxy string) {
		port := h.Port
		if port == 0 {
			port = 22
		}
		fmt.Fprintf(&out, "Host %s\n  HostName %s\n  Port %d\n  User %s\n  HostKeyAlias %s\n%s", name, h.Address, port, h.User, name, proxy)
	}
	for n, h := range p.Hosts {
		add(alias(n), h, proxy)
	}
	if p.Jump != nil {
		add(jumpAlias, *p.Jump, "")
	}
	// The host key is not checked again when a shared connection is reused, so the sockets must be in the run's own directory.
	fmt.Fprintf(&out, `Host *
  IdentityFile %[1]s/key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile %[1]s/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  BatchMode yes
  PreferredAuthentications publickey
  ConnectTimeout 20
  ServerAliveInterval 10
  ServerAliveCountMax 3
  ControlMaster auto
  ControlPersist 60
  ControlPath %[1]s/sockets/%%n
`, f.path)
	return []byte(out.String())
}
