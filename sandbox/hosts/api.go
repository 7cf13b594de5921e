package hosts

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"mycloudmanager/sandbox/kube"
)

// serveAPI serves the Kubernetes API over TLS on port 6443 of the masters, with the same handler as the
// sandbox's port.
func (n *Network) serveAPI(api http.Handler) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			var cert tls.Certificate
			var err error
			n.cloud.Locked(func() { _, cert, err = n.authority() })
			return &cert, err
		}}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, kube.Prefix+"/") {
				r.URL.Path, r.URL.RawPath = kube.Prefix+r.URL.Path, ""
			}
			api.ServeHTTP(w, r)
		})}
	_ = server.Serve(tls.NewListener(n.api, config)) // returns when the network is closed
}

// pipeListener accepts connections that are forwarded through SSH.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) offer(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		_ = c.Close()
	}
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6443} }
