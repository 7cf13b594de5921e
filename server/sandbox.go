package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/supervisor"
	"mycloudmanager/sandbox/playbook"
	"mycloudmanager/worker"
)

// The manager of the sandbox is a member of the project, as recommended for a real one.
const sandboxUser = "demo"

func (p *app) openSandbox(ctx context.Context) error {
	s, err := supervisor.StartSandbox(ctx, supervisor.SandboxOptions{Dir: p.path("sandbox"), Listen: p.config.SandboxListen, Speed: p.config.SandboxSpeed})
	if err != nil {
		return err
	}
	p.onClose(s.Stop)
	p.cloud = openstack.New("http://"+p.config.SandboxListen+"/identity/v3", sandboxUser, sandboxUser, sandboxUser)
	return nil
}

// setProxyCommand sets this program as the command that connects OpenSSH through a relay. In the sandbox it also runs
// playbooks, because simulated instances have no Python.
func (p *app) setProxyCommand(parts *worker.Dependencies) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	parts.ProxyCommand = []string{own, "ssh-proxy"}
	if !p.mode.Sandbox {
		return nil
	}
	command := p.path("sandbox/" + playbook.Name)
	if err := os.MkdirAll(filepath.Dir(command), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(own, command+".new"); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	parts.Playbooks.Executable = command
	return os.Rename(command+".new", command)
}

// seeded marks a sandbox whose first instances are enrolled.
const seeded = "sandbox/furnished"

// seedSandbox enrolls two of the sandbox's servers once, as examples.
func (p *app) seedSandbox(ctx context.Context) error {
	if !p.mode.Sandbox || !p.mode.Worker {
		return nil
	}
	if _, err := os.Stat(p.path(seeded)); err == nil {
		return nil
	}
	compute := &nova.Activities{Cloud: p.cloud}
	for name, distribution := range map[string]string{"web-1": "debian 12", "db-1": "ubuntu 24.04"} {
		e, err := p.enrollSandboxServer(ctx, name)
		if err != nil {
			return fault.New(fault.Unavailable, err, "the sandbox's %s cannot be enrolled: %v", name, err)
		}
		if err := compute.SaveEnrollment(ctx, nova.SaveEnrollmentInput{ID: e.ID, Enrollment: instance.Enrollment{At: time.Now(), Address: e.Address, HostKey: e.HostKey, Distribution: distribution}}); err != nil {
			return err
		}
	}
	return os.WriteFile(p.path(seeded), nil, 0o600)
}

// host is the registration of an enrolled server in the sandbox.
type host struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	HostKey string `json:"host_key"`
}

func (p *app) enrollSandboxServer(ctx context.Context, name string) (host, error) {
	var e host
	body, err := json.Marshal(map[string]any{"server": name, "authorized_keys": []string{p.publicKey}})
	if err != nil {
		return e, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.config.SandboxListen+"/_control/enroll", bytes.NewReader(body))
	if err != nil {
		return e, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return e, err
	}
	defer response.Body.Close() //nolint:errcheck // the body was read
	if response.StatusCode != http.StatusOK {
		return e, fmt.Errorf("the sandbox responds %s", response.Status)
	}
	return e, json.NewDecoder(response.Body).Decode(&e)
}
