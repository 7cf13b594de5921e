package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"mycloudmanager/internal/platform/i18n"
)

// Agent describes the agent that an app installs on instances. The folder agent/ has the Ansible playbooks of the agent,
// each for `hosts: all`. The playbooks have the variables
//
//	mcm_app            the name of the app
//	mcm_app_host       the address at which instances reach the app
//	mcm_app_ports      the ports at that address, by the names of Ports
//	mcm_settings       the settings of the app: environment and parameters
//	mcm_instance_id    the server ID in OpenStack
//	mcm_instance_name  the server name, which is untrusted text
type Agent struct {
	Supported   bool           `json:"supported"`
	Description i18n.Text      `json:"description"` // what the agent installs on an instance
	Ports       map[string]int `json:"ports"`       // ports of the app's Service that the agent connects to, by name
}

// The playbooks of an agent. AgentInstall is idempotent. AgentVerify fails if the agent does not work, and changes nothing.
// AgentRemove reverts the changes of AgentInstall.
const (
	AgentInstall = "install.yml"
	AgentVerify  = "verify.yml"
	AgentRemove  = "remove.yml"
)

func (a Agent) validate(check func(invalid bool, field, rule string)) {
	if !a.Supported {
		check(len(a.Ports) > 0 || a.Description != i18n.Text{}, "agent", "must have no other fields unless supported is true")
		return
	}
	check(a.Description.En == "" || a.Description.Fr == "", "agent.description", "must have en and fr")
	for name, port := range a.Ports {
		check(port < 1 || port > 65535, "agent.ports."+name, "must be a port")
	}
}

// loadAgent sets AgentFiles to the folder agent of the app. The roles that all agents share are added as roles/.
func (a *App) loadAgent(files fs.FS, dir string) error {
	if !a.Agent.Supported {
		return nil
	}
	agent, err := fs.Sub(files, path.Join(dir, "agent"))
	if err != nil {
		return err
	}
	var missing []error
	for _, name := range []string{AgentInstall, AgentVerify, AgentRemove} {
		if _, err := fs.Stat(agent, name); err != nil {
			missing = append(missing, fmt.Errorf("%s/agent/%s: missing", dir, name))
		}
	}
	shared, err := fs.Sub(files, "ansible")
	a.AgentFiles = agentFolder{agent, shared}
	return errors.Join(append(missing, err)...)
}

// agentFolder is the folder of an agent with the additional folder roles, which all agents share.
type agentFolder struct{ agent, shared fs.FS }

const roles = "roles"

// Open implements fs.FS.
func (f agentFolder) Open(name string) (fs.File, error) {
	if name == roles || strings.HasPrefix(name, roles+"/") {
		return f.shared.Open(name)
	}
	return f.agent.Open(name)
}

// ReadDir implements fs.ReadDirFS.
func (f agentFolder) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == roles || strings.HasPrefix(name, roles+"/") {
		return fs.ReadDir(f.shared, name)
	}
	entries, err := fs.ReadDir(f.agent, name)
	if err != nil || name != "." {
		return entries, err
	}
	info, err := fs.Stat(f.shared, roles)
	if errors.Is(err, fs.ErrNotExist) {
		return entries, nil
	}
	if err != nil {
		return nil, err
	}
	return append(entries, fs.FileInfoToDirEntry(info)), nil
}
