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

// Inside is the kind of documents that hold what was changed on servers after their first boot: whose
// keys were let in, and which agents were installed.
const Inside = "hosts/inside"

func (n *Network) inside(server string) sim.Document {
	if o := n.cloud.Get(Inside, server); o != nil {
		return o
	}
	return sim.Document{"id": server, "keys": []any{}, "agents": sim.Document{}}
}

// agent is the command by which the stand-in for Ansible keeps an app's agent on the server.
func (n *Network) agent(server string, words []string) (out, complaint string, code int) {
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

// uninstall is what enroll.sh --uninstall does: the manager is not let in any more.
func (n *Network) uninstall(server string) {
	o := n.inside(server)
	o["keys"] = []any{}
	n.cloud.Put(Inside, o)
}

// Enrolled is what a simulated run of enroll.sh tells.
type Enrolled struct {
	ID      string          `json:"id"`
	Address string          `json:"address"`
	HostKey string          `json:"host_key"`
	Answer  json.RawMessage `json:"answer,omitempty"` // the manager's
}

// Enroll does on a server what the script does on a real one: it asks the manager at url with the
// token, and lets in the keys of its answer. Without a url it lets in the given keys.
func (n *Network) Enroll(name, url, token string, keys []string) (Enrolled, error) {
	var server sim.Document
	var out Enrolled
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
		keys, out.Answer, err = n.ask(server, url, token, out)
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

// named is the server of an id, or the only one of a name.
func (n *Network) named(name string) sim.Document {
	if o := n.cloud.Get("nova/servers", name); o != nil {
		return o
	}
	if list := n.cloud.With("nova/servers", "name", name); len(list) == 1 {
		return list[0]
	}
	return nil
}

func (n *Network) identity(server sim.Document) (Enrolled, error) {
	signer, err := n.hostKey(sim.Str(server, "id"))
	if err != nil {
		return Enrolled{}, err
	}
	e := Enrolled{ID: sim.Str(server, "id"), HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))}
	for _, p := range n.cloud.With("neutron/ports", "device_id", e.ID) {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			e.Address = sim.Str(ip, "ip_address")
		}
	}
	return e, nil
}

// manager is how servers speak to the manager.
var manager = &http.Client{Timeout: 30 * time.Second}

func (n *Network) ask(server sim.Document, url, token string, e Enrolled) (keys []string, answer json.RawMessage, err error) {
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
