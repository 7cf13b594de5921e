package hosts

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/sandbox/backupagent"
	"mycloudmanager/sandbox/sim"
)

var errKey = errors.New("this key is not authorized")

// serveSSH serves the SSH protocol until the connection ends.
func (n *Network) serveSSH(conn net.Conn, server string) {
	defer func() { _ = conn.Close() }()
	config := &ssh.ServerConfig{ServerVersion: "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7",
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			var allowed []ssh.PublicKey
			n.cloud.Locked(func() { allowed = n.authorized(server, meta.User()) })
			for _, a := range allowed {
				if bytes.Equal(a.Marshal(), key.Marshal()) {
					return &ssh.Permissions{}, nil
				}
			}
			return nil, errKey
		}}
	var signer ssh.Signer
	var err error
	n.cloud.Locked(func() { signer, err = n.hostKey(server) })
	if err != nil {
		n.cloud.Log().Error("host key of a simulated server", "server", server, "error", err)
		return
	}
	config.AddHostKey(signer)
	peer, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return // not authorized, or disconnected
	}
	ports := &back{peer: peer}
	go ports.response(requests)
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			go n.session(c, server, ports)
		case "direct-tcpip":
			go n.forward(c, server)
		default:
			_ = c.Reject(ssh.UnknownChannelType, "unknown channel type")
		}
	}
}

// session runs one command.
func (n *Network) session(c ssh.NewChannel, server string, ports *back) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer func() { _ = channel.Close() }()
	for r := range requests {
		switch r.Type {
		case "exec":
			var command struct{ Line string }
			if err := ssh.Unmarshal(r.Payload, &command); err != nil {
				return
			}
			_ = r.Reply(true, nil)
			var out, stderr string
			var code int
			if backupagent.Matches(command.Line) {
				go ssh.DiscardRequests(requests)
				code = n.keeper(server, ports).Exec(command.Line, channel, channel, channel.Stderr())
			} else {
				n.cloud.Locked(func() { out, stderr, code = n.run(server, command.Line) })
			}
			_, _ = io.WriteString(channel, out)
			_, _ = io.WriteString(channel.Stderr(), stderr)
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
			return
		case "env", "pty-req":
			_ = r.Reply(true, nil)
		default:
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	}
}

// forward connects a server to another address: another server's sshd, or the Kubernetes API on a master.
func (n *Network) forward(c ssh.NewChannel, server string) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(c.ExtraData(), &to); err != nil {
		_ = c.Reject(ssh.ConnectionFailed, "bad request")
		return
	}
	var target string
	api := false
	n.cloud.Locked(func() {
		target = n.at(server, to.Host)
		if target == "" { // from outside, as from anywhere
			target = n.behind(to.Host, int(to.Port))
		}
		api = to.Port == 6443 && role(n.cloud.Get("nova/servers", target)) == "master" && n.cluster.Kubeconfig("", nil) != ""
	})
	if target == "" || (to.Port != 22 && !api) {
		_ = c.Reject(ssh.ConnectionFailed, "connect to "+net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port)))+": connection refused")
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	here, there := net.Pipe()
	go func() {
		_, _ = io.Copy(here, channel)
		_ = here.Close()
	}()
	if api {
		n.api.offer(there)
	} else {
		go n.serveSSH(there, target)
	}
	_, _ = io.Copy(channel, here)
	_ = channel.Close()
}

// authorized returns the keys that may log in: from the user data and the server's key pair.
func (n *Network) authorized(server, user string) []ssh.PublicKey {
	o := n.cloud.Get("nova/servers", server)
	lines := userKeys(o, user)
	if pair := n.cloud.Get("nova/keypairs", sim.Str(o, "user_id")+":"+sim.Str(o, "key_name")); pair != nil {
		lines = append(lines, sim.Str(pair, "public_key"))
	}
	if user == "mcm" {
		lines = append(lines, sim.Strs(n.inside(server), "keys")...)
	}
	var out []ssh.PublicKey
	for _, line := range lines {
		if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil {
			out = append(out, key)
		}
	}
	return out
}
