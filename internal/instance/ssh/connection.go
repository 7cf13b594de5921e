package ssh

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/internal/fault"
)

// Connection is one SSH connection to an instance that serves several commands, and ways back from there.
type Connection struct {
	client *ssh.Client
	host   Host
	stop   func() bool
}

const (
	keepAliveInterval = 15 * time.Second
	keepAliveTimeout  = 30 * time.Second
)

// Open connects to a host until ctx ends or the connection is closed. One whose host has gone silent is
// closed too.
func (i *Dialer) Open(ctx context.Context, h Host) (*Connection, error) {
	client, err := i.connect(ctx, h)
	if err != nil {
		return nil, err
	}
	c := &Connection{client: client, host: h}
	c.stop = context.AfterFunc(ctx, func() { _ = client.Close() })
	go c.keepAlive()
	return c, nil
}

// Close ends the connection with everything that runs through it.
func (c *Connection) Close() error {
	c.stop()
	return c.client.Close()
}

// keepAlive closes a connection over which nothing comes back any more: TCP alone would wait for hours.
func (c *Connection) keepAlive() {
	ended := make(chan struct{})
	go func() {
		_ = c.client.Wait()
		close(ended)
	}()
	for {
		select {
		case <-ended:
			return
		case <-time.After(keepAliveInterval):
		}
		late := time.AfterFunc(keepAliveTimeout, func() { _ = c.client.Close() })
		_, _, _ = c.client.SendRequest("keepalive@openssh.com", true, nil) // any answer is one
		late.Stop()
	}
}

// Listen opens a port on the host's loopback that leads here, and says which.
func (c *Connection) Listen() (net.Listener, int, error) {
	l, err := c.client.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, err, "%s: its SSH server forwards no ports: allow it by AllowTcpForwarding", c.host.Address)
	}
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil, 0, fault.New(fault.Internal, nil, "%s: the forwarded port has no number", c.host.Address)
	}
	return l, at.Port, nil
}

// Stream is a command whose input and output flow while it runs.
type Stream struct {
	Command string
	// Input writes what the command reads, until the context ends: the command has ended then.
	Input func(ctx context.Context, to io.Writer) error
	// Out and Complaints get the lines of standard output and error, one at a time.
	Out, Stderr func(line string)
}

// maxLine bounds a line that a host may send.
const maxLine = 16 << 20

// Stream runs a command and returns its exit code. An error is the connection's: Unavailable.
func (c *Connection) Stream(ctx context.Context, s Stream) (int, error) {
	session, err := c.client.NewSession()
	if err != nil {
		return 0, c.connectionError(err)
	}
	defer session.Close() //nolint:errcheck // its end was seen, or the connection's
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	in, err1 := session.StdinPipe()
	out, err2 := session.StdoutPipe()
	complaints, err3 := session.StderrPipe()
	if err := errors.Join(err1, err2, err3, session.Start(s.Command)); err != nil {
		return 0, c.connectionError(err)
	}
	feeding, fed := context.WithCancel(ctx)
	defer fed()
	go func() {
		_ = s.Input(feeding, in) // a command that does not read says why it ended
		_ = in.Close()
	}()
	var one sync.Mutex // lines come one at a time
	var both sync.WaitGroup
	for from, to := range map[io.Reader]func(string){out: s.Out, complaints: s.Stderr} {
		both.Go(func() { eachLine(from, func(line string) { one.Lock(); defer one.Unlock(); to(line) }) })
	}
	both.Wait()
	err = session.Wait()
	if exit, ok := errors.AsType[*ssh.ExitError](err); ok {
		return exit.ExitStatus(), nil
	}
	if err != nil {
		return 0, c.connectionError(err)
	}
	return 0, nil
}

func eachLine(from io.Reader, to func(string)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		to(lines.Text())
	}
	_, _ = io.Copy(io.Discard, from) // a host that sends endless lines is not kept waiting
}

func (c *Connection) connectionError(err error) error {
	return fault.New(fault.Unavailable, err, "%s: the connection broke", c.host.Address)
}
