package main

import (
	"context"
	"net"

	"golang.org/x/sync/errgroup"
)

// runGate serves the API on this host and runs the controller of the Cinder driver. It runs where OpenStack is
// reachable; the control plane runs in a separate network namespace.
func runGate(ctx context.Context, o options) error {
	listener, err := net.Listen("tcp", o.address())
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ended(ctx, forward(ctx, listener, "unix", o.socket())) })
	group.Go(func() error { return ended(ctx, runAttacher(ctx, o)) })
	if o.follow {
		group.Go(func() error { return ended(ctx, runFollower(ctx, o)) })
	}
	return group.Wait()
}

// ended ignores the error of a component that was stopped.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
