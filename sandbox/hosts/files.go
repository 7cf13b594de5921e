package hosts

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/sandbox/backupagent"
	"mycloudmanager/sandbox/sim"
)

const (
	// perFile is the duration of the engine's work on one file, at speed 1.
	perFile = 80 * time.Millisecond
	// diskFree is the default free space on a disk.
	diskFree = 20 << 30
)

// Files returns the directory that holds a server's file system. It exists after the first backup or restore.
func (n *Network) Files(server string) string { return n.cloud.Blob("disk-" + server) }

// keeper returns the backup agent of a server. Each server runs one script at a time.
func (n *Network) keeper(server string, ports *back) *keeper {
	lock, _ := n.disks.LoadOrStore(server, &sync.Mutex{})
	k := &keeper{lock: lock.(*sync.Mutex)}
	n.cloud.Locked(func() {
		free := diskFree
		if o := n.inside(server); o["free_bytes"] != nil {
			free = sim.Int(o, "free_bytes")
		}
		k.Machine = backupagent.Machine{Root: n.Files(server), Seed: server, Now: n.cloud.Now(), Free: int64(free), Step: n.cloud.Scale(perFile), Dial: ports.dial}
	})
	k.Run = func(line string) (out, stderr string, code int) {
		n.cloud.Locked(func() { out, stderr, code = n.run(server, line) })
		return out, stderr, code
	}
	return k
}

type keeper struct {
	backupagent.Machine
	lock *sync.Mutex
}

// Exec runs the manager's script.
func (k *keeper) Exec(line string, in io.Reader, out, stderr io.Writer) int {
	k.lock.Lock()
	defer k.lock.Unlock()
	return k.Machine.Exec(line, in, out, stderr)
}

// SetFree sets the number of free bytes on a server's disk.
func (n *Network) SetFree(name string, free int) (err error) {
	n.cloud.Locked(func() {
		server := n.named(name)
		if server == nil {
			err = fmt.Errorf("there is no server %s", name)
			return
		}
		o := n.inside(sim.Str(server, "id"))
		o["free_bytes"] = free
		n.cloud.Put(Inside, o)
	})
	return err
}

// back holds the remote-forwarded ports of an SSH connection: ports of the server that lead to the client.
// https://www.rfc-editor.org/rfc/rfc4254#section-7
type back struct {
	peer  *ssh.ServerConn
	mu    sync.Mutex
	ports map[uint32]string // the address that the client requested for each port
}

// forwarded identifies a port in requests and channels.
type forwarded struct {
	Host string
	Port uint32
}

func (b *back) response(requests <-chan *ssh.Request) {
	for r := range requests {
		var at forwarded
		switch {
		case r.Type == "tcpip-forward" && ssh.Unmarshal(r.Payload, &at) == nil:
			_ = r.Reply(true, ssh.Marshal(struct{ Port uint32 }{b.open(at)}))
		case r.Type == "cancel-tcpip-forward" && ssh.Unmarshal(r.Payload, &at) == nil:
			b.mu.Lock()
			delete(b.ports, at.Port)
			b.mu.Unlock()
			_ = r.Reply(true, nil)
		case r.WantReply:
			_ = r.Reply(r.Type == "keepalive@openssh.com", nil)
		}
	}
}

// firstPort is the first port that a server assigns itself.
const firstPort = 32768

func (b *back) open(at forwarded) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ports == nil {
		b.ports = map[uint32]string{}
	}
	if at.Port == 0 {
		for at.Port = firstPort; b.ports[at.Port] != ""; at.Port++ {
		}
	}
	b.ports[at.Port] = at.Host
	return at.Port
}

// dial connects to one of the ports.
func (b *back) dial(port int) (net.Conn, error) {
	b.mu.Lock()
	host, ok := b.ports[uint32(port)]
	b.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("connect to 127.0.0.1:%d: connection refused", port)
	}
	channel, requests, err := b.peer.OpenChannel("forwarded-tcpip", ssh.Marshal(struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}{host, uint32(port), "127.0.0.1", firstPort - 1}))
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	here, there := net.Pipe()
	go func() {
		_, _ = io.Copy(channel, there)
		_ = channel.Close()
	}()
	go func() {
		_, _ = io.Copy(there, channel)
		_ = there.Close()
	}()
	return here, nil
}
