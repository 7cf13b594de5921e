// Package sandbox is a simulated OpenStack cloud with a small Kubernetes cluster on it, spoken to
// over HTTP by the same clients as real ones. It is stateful: killed at any moment it goes on
// where it was.
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

// Config says where the sandbox lives and how fast its time goes.
type Config struct {
	DataDir  string        // its own directory; created when missing
	Listen   string        // address of the one HTTP port
	Speed    float64       // divides every simulated duration; 0 means 1
	TokenTTL time.Duration // life of a token, not divided; 0 means an hour
	Log      *slog.Logger  // nil means the default logger
	Ready    func() error  // called once the port is open; may be nil
	// Wrap stands before every service and the cluster, whichever way a request came; may be nil.
	Wrap func(http.Handler) http.Handler
}

// Sandbox is the simulated cloud.
type Sandbox struct {
	config  Config
	cloud   *sim.Cloud
	door    http.Handler // the cloud behind what Config.Wrap puts before it
	control http.Handler
	hosts   *hosts.Network
}

// New opens the cloud kept in the data directory, or makes a new one in its initial state.
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
	s := &Sandbox{config: config, cloud: cloud, door: cloud}
	if config.Wrap != nil {
		s.door = config.Wrap(cloud)
	}
	people := keystone.New(cloud, config.TokenTTL)
	compute := nova.New(cloud)
	cinder.New(cloud)
	networks := neutron.New(cloud)
	glance.New(cloud)
	heat.New(cloud)
	swift.New(cloud)
	cluster := kube.New(cloud)
	s.hosts = hosts.New(cloud, cluster, s.door)
	s.control = admin.Handler(cloud, cluster, s.hosts)
	compute.Console = s.hosts.Console
	if err := cloud.Start(func() error { return seed.Plant(cloud, people, networks) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close writes what is left and lets the data directory go.
func (s *Sandbox) Close() error { return errors.Join(s.hosts.Close(), s.cloud.Close()) }

// ServeHTTP answers every API of the cloud.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		s.hosts.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, admin.Prefix+"/"):
		s.control.ServeHTTP(w, r)
	case r.URL.Path == "/info" || r.URL.Path == "/object-store/info":
		swift.Info(w, r)
	default:
		s.door.ServeHTTP(w, r)
	}
}

// Serve answers until the context ends or the data directory is taken away: a cloud without its
// state must not live on.
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
	_ = server.Close() // what is open now is lost with the process anyway
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Live lets time pass in the cloud while nobody asks it anything.
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
			return fmt.Errorf("sandbox state is gone: %s", file)
		}
		s.cloud.Tick()
	}
}
