// Command mcm-temporal is the embedded Temporal server with Temporal Web, in a separate process: a
// crash of one does not affect the other, and its many dependencies stay out of the product.
//
// `mcm serve` starts it. It reads its specification as one JSON line from standard input, writes its
// addresses to standard output, and stops gracefully on SIGTERM or when standard input is closed,
// which means that its supervisor has exited.
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

// Specification is the supervisor's configuration of the server.
type Specification struct {
	DataDir   string `json:"data_dir"`
	Namespace string `json:"namespace"`
	// Storage: a postgres:// URL, or empty for a file in the data directory. With PostgreSQL the client creates
	// the namespace.
	Database string `json:"database"`
	// PEM of a CA and of the certificate that both sides present: only processes that have them can connect to
	// any port.
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
	// Previous addresses, so that existing clients find the server after a restart; empty selects free ports.
	Frontend string `json:"frontend"`
	Web      string `json:"web"`
	// Temporal Web.
	PublicPath    string `json:"public_path"`
	CodecEndpoint string `json:"codec_endpoint"`
}

// Report contains the server's addresses.
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
		if errors.Is(err, errInUse) {
			os.Exit(exitInUse)
		}
		os.Exit(1)
	}
}

// exitInUse is the exit code for errInUse, after which the supervisor tries again: another process still uses the data directory. It is EX_TEMPFAIL of
// sysexits(3). internal/platform/supervisor has the same constant.
const exitInUse = 75

// gcPercent trades CPU for memory: most memory of an idle server is garbage that has not been collected.
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
