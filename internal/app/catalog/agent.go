package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"mycloudmanager/internal/platform/i18n"
)

// Agent describes the agent that an app installs on instances. The folder agent/ has its Ansible playbooks, each for
// `hosts: all`. They get the variables
//
//	mcm_app            the name of the app
//	mcm_app_host       the address of the app for instances
//	mcm_app_ports      its ports at that address, by the names of Ports
//	mcm_settings       the app's settings: environment and parameters
//	mcm_instance_id    the server ID in OpenStack
//	mcm_instance_name  the server name, which is untrusted text
type Agent struct {
	Supported   bool           `json:"supported"`
	Description i18n.Text      `json:"description"` // what is installed on an instance
	Ports       map[string]int `json:"ports"`       // ports of the app's Service that the agent connects to, by name
}

// The playbooks of an agent. Install may run at any time and changes only what differs; Verify changes nothing, and
// fails if the agent does not work; Remove reverts what Install has changed.
const (
	AgentInstall = "install.yml"
	AgentVerify  = "verify.yml"
	AgentRemove  = "remove.yml"
)

func (a Agent) validate(lacks func(bad bool, field, what string)) {
	if !a.Supported {
		lacks(len(a.Ports) > 0 || a.Description != i18n.Text{}, "agent", "says more although it is not supported")
		return
	}
	lacks(a.Description.En == "" || a.Description.Fr == "", "agent.description", "must have en and fr")
	for name, port := range a.Ports {
		lacks(port < 1 || port > 65535, "agent.ports."+name, "must be a port")
	}
}

// loadAgent returns the folder with the playbooks. The shared roles of all agents are added to it as roles/.
func (a *App) loadAgent(files fs.FS, dir string) error {
	if !a.Agent.Supported {
		return nil
	}
	own, err := fs.Sub(files, path.Join(dir, "agent"))
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range []string{AgentInstall, AgentVerify, AgentRemove} {
		if _, err := fs.Stat(own, name); err != nil {
			faults = append(faults, fmt.Errorf("%s/agent/%s: missing", dir, name))
		}
	}
	shared, err := fs.Sub(files, "ansible")
	a.AgentFiles = agentFolder{own, shared}
	return errors.Join(append(faults, err)...)
}

// agentFolder is the folder of an agent with the additional folder roles.
type agentFolder struct{ own, shared fs.FS }

const roles = "roles"

// Open opens a file of the agent or of the roles.
func (f agentFolder) Open(name string) (fs.File, error) {
	if name == roles || strings.HasPrefix(name, roles+"/") {
		return f.shared.Open(name)
	}
	return f.own.Open(name)
}

// ReadDir lists a folder of the agent or of the roles.
func (f agentFolder) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == roles || strings.HasPrefix(name, roles+"/") {
		return fs.ReadDir(f.shared, name)
	}
	entries, err := fs.ReadDir(f.own, name)
	if err != nil || name != "." {
		return entries, err
	}
	more, err := fs.Stat(f.shared, roles)
	if errors.Is(err, fs.ErrNotExist) {
		return entries, nil
	}
	if err != nil {
		return nil, err
	}
	return append(entries, fs.FileInfoToDirEntry(more)), nil
}
