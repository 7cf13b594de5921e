package hosts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/sandbox/sim"
)

// run simulates a shell on a server. It supports common read-only commands and those that enrollment and agents
// use.
func (n *Network) run(server, line string) (out, stderr string, code int) {
	words := strings.Fields(line)
	for len(words) > 0 && (words[0] == "sudo" || words[0] == "-n" || words[0] == "--") {
		words = words[1:]
	}
	if len(words) == 0 {
		return "", "", 0
	}
	o := n.cloud.Get("nova/servers", server)
	if text, ok := fixedOutputs(o)[words[0]]; ok {
		return text, "", 0
	}
	switch words[0] {
	case "mcm-agent":
		return n.agent(server, words[1:])
	case "sh":
		if slices.Contains(words, "--uninstall") {
			n.uninstall(server)
		}
		return "", "", 0
	}
	return n.inspect(o, words)
}

// inspect runs read-only commands.
func (n *Network) inspect(o sim.Document, words []string) (out, stderr string, code int) {
	switch words[0] {
	case "false":
		code = 1
	case "echo":
		out = strings.Trim(strings.Join(words[1:], " "), `"'`) + "\n"
	case "uname":
		out = uname(o, words[1:])
	case "cat":
		return n.cat(o, words[1:])
	case "test", "[":
		code = n.test(o, words[1:])
	case "systemctl":
		return n.unit(o, words[1:])
	default:
		return "", "bash: line 1: " + words[0] + ": command not found\n", 127
	}
	return out, "", code
}

// fixedOutputs maps commands to their constant output.
func fixedOutputs(o sim.Document) map[string]string {
	return map[string]string{"true": "", ":": "", "whoami": "mcm\n", "cloud-init": "status: done\n",
		"hostname": sim.Str(o, "name") + "\n", "uptime": " up since " + sim.Str(o, "_booted") + "\n",
		"id": "uid=1000(mcm) gid=1000(mcm) groups=1000(mcm),27(sudo)\n"}
}

func uname(o sim.Document, flags []string) string {
	if slices.Contains(flags, "-a") {
		return "Linux " + sim.Str(o, "name") + " 6.1.0-sandbox-amd64 #1 SMP x86_64 GNU/Linux\n"
	}
	if slices.Contains(flags, "-r") {
		return "6.1.0-sandbox-amd64\n"
	}
	if slices.Contains(flags, "-m") {
		return "x86_64\n"
	}
	return "Linux\n"
}

const kubeconfigFile = "/etc/rancher/k3s/k3s.yaml"

// file is the content of the files that a server has; false when it has none of that name.
func (n *Network) file(o sim.Document, path string) (string, bool) {
	switch path {
	case "/etc/hostname":
		return sim.Str(o, "name") + "\n", true
	case "/etc/os-release":
		return n.release(o), true
	case "/etc/machine-id":
		return strings.ReplaceAll(sim.Str(o, "id"), "-", "") + "\n", true
	case "/var/lib/cloud/instance/boot-finished":
		return sim.Str(o, "_booted") + "\n", true
	case kubeconfigFile:
		if role(o) != "master" {
			return "", false
		}
		ca, _, err := n.authority()
		if err != nil {
			return "", false
		}
		text := n.cluster.Kubeconfig("https://127.0.0.1:6443", ca)
		return text, text != ""
	}
	for _, f := range userData(o).Writes {
		if f.Path == path && f.Encoding == "" {
			return f.Content, true
		}
	}
	return "", false
}

func (n *Network) cat(o sim.Document, paths []string) (out, stderr string, code int) {
	for _, p := range paths {
		if text, ok := n.file(o, p); ok {
			out += text
		} else {
			stderr += "cat: " + p + ": No such file or directory\n"
			code = 1
		}
	}
	return out, stderr, code
}

func (n *Network) test(o sim.Document, words []string) int {
	if len(words) > 1 && slices.Contains([]string{"-f", "-e", "-s", "-r"}, words[0]) {
		if _, ok := n.file(o, words[1]); ok {
			return 0
		}
	}
	return 1
}

func (n *Network) unit(o sim.Document, words []string) (out, stderr string, code int) {
	if len(words) < 2 || words[0] != "is-active" {
		return "", "systemctl: not here\n", 1
	}
	unit := strings.TrimSuffix(words[1], ".service")
	up := unit == "ssh" || unit == "sshd"
	if strings.HasPrefix(unit, "k3s") {
		up = n.cluster.Kubeconfig("", nil) != "" && role(o) != ""
	}
	if up {
		return "active\n", "", 0
	}
	return "inactive\n", "", 3
}

// release describes the distribution of the image that the server was built from.
func (n *Network) release(o sim.Document) string {
	image := n.cloud.Get("glance/images", sim.Str(o, "_image"))
	id, version := sim.Str(image, "os_distro"), sim.Str(image, "os_version")
	name := map[string]string{"debian": "Debian GNU/Linux", "ubuntu": "Ubuntu", "rocky": "Rocky Linux"}[id]
	if name == "" {
		id, name = "linux", "Linux"
	}
	return fmt.Sprintf("PRETTY_NAME=\"%s %s\"\nNAME=\"%s\"\nVERSION_ID=\"%s\"\nID=%s\n", name, version, name, version, id)
}

// Console returns the output of a server's serial console, including the fingerprint of its host
// key as cloud-init prints it. The cloud must be locked.
func (n *Network) Console(o sim.Document) string {
	host := sim.Str(o, "name")
	if sim.Str(o, "_booted") == "" {
		return ""
	}
	signer, err := n.hostKey(sim.Str(o, "id"))
	if err != nil {
		return host + " login: "
	}
	key := signer.PublicKey()
	at, _ := time.Parse(sim.Expiry, sim.Str(o, "_booted"))
	stamp := "<14>" + at.Format(time.Stamp) + " cloud-init: "
	var b strings.Builder
	fmt.Fprintf(&b, "[    0.000000] Linux version 6.1.0-sandbox-amd64 (simulated) image %s\n", sim.Str(o, "_image"))
	fmt.Fprintf(&b, "Cloud-init v. 24.4 running 'modules:final' at %s\n", at.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "%s-----BEGIN SSH HOST KEY FINGERPRINTS-----\n%s256 %s root@%s (ED25519)\n%s-----END SSH HOST KEY FINGERPRINTS-----\n",
		stamp, stamp, ssh.FingerprintSHA256(key), host, stamp)
	fmt.Fprintf(&b, "-----BEGIN SSH HOST KEY KEYS-----\n%s root@%s\n-----END SSH HOST KEY KEYS-----\n",
		strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), host)
	fmt.Fprintf(&b, "\n%s login: ", host)
	return b.String()
}
