package ssh

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mycloudmanager/internal/fault"
)

// ProxySocket lets programs that speak SSH by themselves, as Ansible does, take the same way as the
// manager: they connect to a socket of the file system that only its owner can open, say where to,
// and are connected. The way in, the bastion's key and the proxy stay in this process.
type ProxySocket struct {
	Path     string // of the socket
	listener net.Listener
	dir      string
	cancel   context.CancelFunc

	mu         sync.Mutex
	lastErrors map[string]string
}

// LastError tells why there was no way to the address, "" when there was: OpenSSH throws away what its
// ProxyCommand says when connections are shared.
func (r *ProxySocket) LastError(address string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastErrors[address]
}

// OpenProxySocket opens a relay until it is closed.
func (i *Dialer) OpenProxySocket(ctx context.Context) (*ProxySocket, error) {
	dir, err := os.MkdirTemp("", "mcm-relay-") // mode 0700
	if err != nil {
		return nil, err
	}
	r := &ProxySocket{Path: filepath.Join(dir, "s"), dir: dir, lastErrors: map[string]string{}}
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
			go i.serveProxy(ctx, r, conn)
		}
	}()
	return r, nil
}

// Close ends the relay; connections through it end too.
func (r *ProxySocket) Close() error {
	r.cancel()
	return errors.Join(r.listener.Close(), os.RemoveAll(r.dir))
}

// serveProxy serves one connection: a line with the address, then its bytes.
func (i *Dialer) serveProxy(ctx context.Context, r *ProxySocket, here net.Conn) {
	defer here.Close() //nolint:errcheck // its program sees the end
	in := bufio.NewReader(here)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	address := strings.TrimSpace(line)
	there, err := i.dialWithRetry(ctx, address)
	if err != nil {
		r.mu.Lock()
		r.lastErrors[address] = fault.MessageOf(err)
		r.mu.Unlock()
		return // OpenSSH finds its connection closed
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

// How often, and after which first pause, a way is tried that is away for a moment: whoever plays a
// playbook does not try again.
const (
	dialTries = 3
	dialPause = 500 * time.Millisecond
)

func (i *Dialer) dialWithRetry(ctx context.Context, address string) (net.Conn, error) {
	for try := 1; ; try++ {
		conn, err := i.Dial(ctx, address)
		if err == nil || try == dialTries || !fault.KindOf(err).Retryable() {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Duration(try) * dialPause):
		}
	}
}

// ServeProxyCommand connects standard input and output to an address by the relay at path: it is what OpenSSH
// runs as its ProxyCommand.
func ServeProxyCommand(ctx context.Context, path, address string, in io.Reader, out io.Writer) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is buffered
	if _, err := io.WriteString(conn, address+"\n"); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(conn, in)
		_ = conn.Close()
	}()
	_, err = io.Copy(out, conn)
	return err
}
