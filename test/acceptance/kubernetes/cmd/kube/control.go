package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
)

// runControl runs every component of the control plane until the context or one of them ends.
func runControl(ctx context.Context, o options) error {
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	if err := ensureKeys(o); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := writeStages(o.path("stages.yaml")); err != nil {
		return err
	}
	store, err := startEtcd(o)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer store.Close()

	group, ctx := errgroup.WithContext(ctx)
	for name, run := range map[string]func(context.Context, options) error{
		"kube-apiserver": runAPIServer, "kube-controller-manager": runControllerManager,
		"kube-scheduler": runScheduler, "kwok": runKwok, "door": serveSocket,
	} {
		group.Go(func() error {
			if err := run(ctx, o); ctx.Err() == nil {
				return fmt.Errorf("%s ended: %w", name, err)
			}
			return nil
		})
	}
	return waitAtMost(ctx, group, 5*time.Second)
}

// waitAtMost gives the components a grace period: some ignore their context.
func waitAtMost(ctx context.Context, group *errgroup.Group, grace time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- group.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return nil
	}
}

// serveSocket makes the API reachable from other network namespaces through a socket file.
func serveSocket(ctx context.Context, o options) error {
	if err := os.RemoveAll(o.socket()); err != nil {
		return err
	}
	listener, err := net.Listen("unix", o.socket())
	if err != nil {
		return err
	}
	return forward(ctx, listener, "tcp", o.address())
}
