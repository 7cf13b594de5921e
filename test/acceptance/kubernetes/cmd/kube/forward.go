package main

import (
	"context"
	"io"
	"net"
)

// forward connects every connection of the listener to the address, until the context ends.
func forward(ctx context.Context, listener net.Listener, network, address string) error {
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		in, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			out, err := net.Dial(network, address)
			if err != nil {
				in.Close()
				return
			}
			go pipe(out, in)
			pipe(in, out)
		}()
	}
}

// pipe copies one direction and then closes both connections.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}
