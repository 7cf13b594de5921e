package reach

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"mycloudmanager/internal/fault"
)

// Relay lets programs that speak SSH by themselves, as Ansible does, take the same way as the
// manager: they connect to a socket of the file system that only its owner can open, say where to,
// and are connected. The way in, the bastion's key and the proxy stay in this process.
type Relay struct {
	Path     string // of the socket
	listener net.Listener
	dir      string
	cancel   context.CancelFunc
}

// OpenRelay opens a relay until it is closed.
func (i *Instances) OpenRelay(ctx context.Context) (*Relay, error) {
	dir, err := os.MkdirTemp("", "mcm-relay-") // mode 0700
	if err != nil {
		return nil, err
	}
	r := &Relay{Path: filepath.Join(dir, "s"), dir: dir}
	if r.listener, err = (&net.ListenConfig{}).Listen(ctx, "unix", r.Path); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		for {
			conn, err := r.listener.Accept()
			if err != nil {
				return
			}
			go i.relay(ctx, conn)
		}
	}()
	return r, nil
}

// Close ends the relay; connections through it end too.
func (r *Relay) Close() error {
	r.cancel()
	return errors.Join(r.listener.Close(), os.RemoveAll(r.dir))
}

// relay serves one connection: a line with the address, answered by an empty line or by why there is
// no way, then its bytes.
func (i *Instances) relay(ctx context.Context, here net.Conn) {
	defer here.Close() //nolint:errcheck // its program sees the end
	in := bufio.NewReader(here)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	there, err := i.Dial(ctx, strings.TrimSpace(line))
	if err != nil {
		_, _ = io.WriteString(here, strings.ReplaceAll(fault.MessageOf(err), "\n", " ")+"\n")
		return
	}
	if _, err := io.WriteString(here, "\n"); err != nil {
		return
	}
	defer there.Close() //nolint:errcheck // nothing is buffered
	stop := context.AfterFunc(ctx, func() { _, _ = here.Close(), there.Close() })
	defer stop()
	go func() {
		_, _ = io.Copy(there, in)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
}

// Through connects standard input and output to an address by the relay at path: it is what OpenSSH
// runs as its ProxyCommand.
func Through(ctx context.Context, path, address string, in io.Reader, out io.Writer) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is buffered
	if _, err := io.WriteString(conn, address+"\n"); err != nil {
		return err
	}
	answer := bufio.NewReader(conn)
	said, err := answer.ReadString('\n')
	if err != nil {
		return err
	}
	if said = strings.TrimSpace(said); said != "" {
		return errors.New(said)
	}
	go func() {
		_, _ = io.Copy(conn, in)
		_ = conn.Close()
	}()
	_, err = io.Copy(out, answer)
	return err
}
