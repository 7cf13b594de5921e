// Package sandbox is a simulated OpenStack cloud with a small Kubernetes cluster. The usual clients use it over
// HTTP as they use a real cloud. Its state is persistent: after a kill at any moment it resumes where it was.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mycloudmanager/sandbox/admin"
	"mycloudmanager/sandbox/cinder"
	"mycloudmanager/sandbox/glance"
	"mycloudmanager/sandbox/heat"
	"mycloudmanager/sandbox/hosts"
	"mycloudmanager/sandbox/keystone"
	"mycloudmanager/sandbox/kube"
	"mycloudmanager/sandbox/neutron"
	"mycloudmanager/sandbox/nova"
	"mycloudmanager/sandbox/seed"
	"mycloudmanager/sandbox/sim"
	"mycloudmanager/sandbox/swift"
)

// Config configures the sandbox.
type Config struct {
	DataDir  string        // state directory; created if missing
	Listen   string        // address of the single HTTP port
	Speed    float64       // divides every simulated duration; 0 means 1
	TokenTTL time.Duration // lifetime of a token, not divided by Speed; 0 means one hour
	Log      *slog.Logger  // nil means the default logger
	Ready    func() error  // called once the port is open; may be nil
	// Wrap wraps the handler of all services and of the cluster, for requests from every path; may be nil.
	Wrap func(http.Handler) http.Handler
}

// Sandbox is the simulated cloud.
type Sandbox struct {
	config  Config
	cloud   *sim.Cloud
	handler http.Handler // cloud, wrapped by Config.Wrap
	control http.Handler
	hosts   *hosts.Network
}

// New opens the cloud in the data directory, or creates one in its initial state.
func New(config Config) (*Sandbox, error) {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.TokenTTL == 0 {
		config.TokenTTL = time.Hour
	}
	cloud, err := sim.Open(config.DataDir, config.Speed, config.Log)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{config: config, cloud: cloud, handler: cloud}
	if config.Wrap != nil {
		s.handler = config.Wrap(cloud)
	}
	identity := keystone.New(cloud, config.TokenTTL)
	compute := nova.New(cloud)
	cinder.New(cloud)
	network := neutron.New(cloud)
	glance.New(cloud)
	heat.New(cloud)
	swift.New(cloud)
	cluster := kube.New(cloud)
	s.hosts = hosts.New(cloud, cluster, s.handler)
	s.control = admin.Handler(cloud, cluster, s.hosts)
	compute.Console = s.hosts.Console
	if err := cloud.Start(func() error { return seed.Plant(cloud, identity, network) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close writes pending changes and releases the data directory.
func (s *Sandbox) Close() error { return errors.Join(s.hosts.Close(), s.cloud.Close()) }

// ServeHTTP serves every API of the cloud.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		s.hosts.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, admin.Prefix+"/"):
		s.control.ServeHTTP(w, r)
	case r.URL.Path == "/info" || r.URL.Path == "/object-store/info":
		swift.Info(w, r)
	default:
		s.handler.ServeHTTP(w, r)
	}
}

// Serve serves until the context ends or the data directory is deleted: a cloud must not outlive its state.
func (s *Sandbox) Serve(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.config.Listen)
	if err != nil {
		return err
	}
	if s.config.Ready != nil {
		if err := s.config.Ready(); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { failed <- s.Live(ctx) }()
	s.config.Log.Info("sandbox cloud serves", "address", listener.Addr().String())
	err = <-failed
	cancel()
	_ = server.Close() // open connections are lost with the process anyway
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Live applies due timers while there are no requests.
func (s *Sandbox) Live(ctx context.Context) error {
	file := filepath.Join(s.config.DataDir, "cloud.db")
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.cloud.Planned():
			continue
		case <-time.After(s.cloud.Next()):
		}
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the sandbox state was deleted: %s", file)
		}
		s.cloud.Tick()
	}
}
