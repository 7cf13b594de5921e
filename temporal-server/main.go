// Command mcm-temporal is the embedded Temporal server with its web pages, as a process of its own:
// a crash of one does not take the other, and its many dependencies stay out of the product.
//
// It is started by `mcm serve`, reads its specification as one JSON line from standard input, says
// on standard output where it listens, and stops gracefully at SIGTERM, or when standard input
// closes: its supervisor is gone then.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// Specification is what the supervisor asks for.
type Specification struct {
	DataDir   string `json:"data_dir"`
	Namespace string `json:"namespace"`
	// Where its state lives: a postgres:// address, or empty for a file in the folder. Its namespace is then made by who connects.
	Database string `json:"database"`
	// PEM of one CA and of one certificate that both sides present: only processes that were given
	// them can speak to any port.
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
	// Addresses of before, so that a restart is found by the clients there are; empty: free ports.
	Frontend string `json:"frontend"`
	Web      string `json:"web"`
	// Web pages.
	PublicPath    string `json:"public_path"`
	CodecEndpoint string `json:"codec_endpoint"`
}

// Report says where the server listens.
type Report struct {
	Frontend string `json:"frontend"`
	Web      string `json:"web"`
	Version  string `json:"version"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println(serverVersion())
		return
	}
	if len(os.Args) == 3 && os.Args[1] == schemaCommand {
		if err := makeSchema(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "mcm-temporal:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mcm-temporal:", err)
		os.Exit(1)
	}
}

// gcPercent trades some CPU for memory: most of what an idle server holds is what the collector lets it.
const gcPercent = 50

func run(stdin io.Reader, stdout io.Writer) error {
	debug.SetGCPercent(gcPercent)
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return errors.New("no specification on standard input: this program is started by `mcm serve`")
	}
	var s Specification
	if err := json.Unmarshal(line, &s); err != nil {
		return fmt.Errorf("specification: %w", err)
	}
	stop := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(stop)
	}()
	server, report, err := start(s)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(report); err != nil {
		return errors.Join(err, server.stop())
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
	case <-signals:
	}
	return server.stop()
}
