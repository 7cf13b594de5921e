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
	// perFile is how long the engine works on one file, at speed 1.
	perFile = 80 * time.Millisecond
	// diskFree is what is free on a disk that nobody has filled.
	diskFree = 20 << 30
)

// Files is the folder that is the file system of a server, once something has looked at it.
func (n *Network) Files(server string) string { return n.cloud.Blob("disk-" + server) }

// keeper is what backs up and restores the files of a server. One works at a time.
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
	k.Run = func(line string) (out, complaint string, code int) {
		n.cloud.Locked(func() { out, complaint, code = n.run(server, line) })
		return out, complaint, code
	}
	return k
}

type keeper struct {
	backupagent.Machine
	lock *sync.Mutex
}

// Exec runs the manager's script.
func (k *keeper) Exec(line string, in io.Reader, out, complaints io.Writer) int {
	k.lock.Lock()
	defer k.lock.Unlock()
	return k.Machine.Exec(line, in, out, complaints)
}

// SetFree says how many bytes are free on a server's disk.
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

// back are the ports of a server that lead back through the SSH connection of who asked for them.
// https://www.rfc-editor.org/rfc/rfc4254#section-7
type back struct {
	peer  *ssh.ServerConn
	mu    sync.Mutex
	ports map[uint32]string // the address that each was asked for
}

// forwarded is what names a port in requests and channels.
type forwarded struct {
	Host string
	Port uint32
}

func (b *back) answer(requests <-chan *ssh.Request) {
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

// firstPort is where a server's ports that it chooses itself begin.
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
