package hosts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/sandbox/sim"
)

// Inside is the document kind of changes made on servers after their first boot: authorized keys and installed
// agents.
const Inside = "hosts/inside"

func (n *Network) inside(server string) sim.Document {
	if o := n.cloud.Get(Inside, server); o != nil {
		return o
	}
	return sim.Document{"id": server, "keys": []any{}, "agents": sim.Document{}}
}

// agent handles the command that the simulated Ansible uses to store the state of an app's agent on the server.
func (n *Network) agent(server string, words []string) (out, stderr string, code int) {
	if len(words) != 2 {
		return "", "mcm-agent: state, install or remove, and an app\n", 2
	}
	o := n.inside(server)
	agents := sim.Map(o, "agents")
	switch verb, app := words[0], words[1]; verb {
	case "state":
		if agents[app] == true {
			return "installed\n", "", 0
		}
		return "absent\n", "", 0
	case "install":
		agents[app] = true
	case "remove":
		delete(agents, app)
	}
	o["agents"] = agents
	n.cloud.Put(Inside, o)
	return "", "", 0
}

// uninstall simulates enroll.sh --uninstall: it revokes the manager's access.
func (n *Network) uninstall(server string) {
	o := n.inside(server)
	o["keys"] = []any{}
	n.cloud.Put(Inside, o)
}

// EnrollResult is the result of a simulated run of enroll.sh.
type EnrollResult struct {
	ID       string          `json:"id"`
	Address  string          `json:"address"`
	HostKey  string          `json:"host_key"`
	Response json.RawMessage `json:"response,omitempty"` // of the manager
}

// Enroll simulates enroll.sh on a server: it sends the token to the manager at url and authorizes the keys of
// the response. Without a url it authorizes the given keys.
func (n *Network) Enroll(name, url, token string, keys []string) (EnrollResult, error) {
	var server sim.Document
	var out EnrollResult
	var err error
	n.cloud.Locked(func() {
		if server = n.named(name); server != nil {
			out, err = n.identity(server)
		}
	})
	if server == nil {
		return out, fmt.Errorf("there is no server %s", name)
	}
	if err == nil && url != "" {
		keys, out.Response, err = n.ask(server, url, token, out)
	}
	if err != nil {
		return out, err
	}
	n.cloud.Locked(func() {
		o := n.inside(out.ID)
		list := []any{}
		for _, k := range keys {
			list = append(list, k)
		}
		o["keys"] = list
		n.cloud.Put(Inside, o)
	})
	return out, nil
}

// named returns the server with an id, or the only server with a name.
func (n *Network) named(name string) sim.Document {
	if o := n.cloud.Get("nova/servers", name); o != nil {
		return o
	}
	if list := n.cloud.With("nova/servers", "name", name); len(list) == 1 {
		return list[0]
	}
	return nil
}

func (n *Network) identity(server sim.Document) (EnrollResult, error) {
	signer, err := n.hostKey(sim.Str(server, "id"))
	if err != nil {
		return EnrollResult{}, err
	}
	e := EnrollResult{ID: sim.Str(server, "id"), HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}
	for _, p := range n.cloud.With("neutron/ports", "device_id", e.ID) {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			e.Address = sim.Str(ip, "ip_address")
		}
	}
	return e, nil
}

// manager is the HTTP client of servers.
var manager = &http.Client{Timeout: 30 * time.Second}

func (n *Network) ask(server sim.Document, url, token string, e EnrollResult) (keys []string, response json.RawMessage, err error) {
	machine := strings.ReplaceAll(e.ID, "-", "")
	body, err := json.Marshal(map[string]any{"token": token, "server_id": e.ID, "host_keys": []string{e.HostKey},
		"facts": map[string]any{"hostname": sim.Str(server, "name"), "machine_id": machine, "addresses": []string{e.Address}}})
	if err != nil {
		return nil, nil, err
	}
	resp, err := manager.Post(strings.TrimRight(url, "/")+"/api/v1/enroll", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	var said struct {
		Keys   []string `json:"authorized_keys"`
		Detail string   `json:"detail"`
	}
	if err := json.Unmarshal(raw, &said); err != nil || resp.StatusCode != http.StatusAccepted {
		return nil, nil, fmt.Errorf("the manager refuses: %s %s", resp.Status, said.Detail)
	}
	return said.Keys, raw, nil
}
