// Command mcm is MyCloudManager: its server processes, its sandbox and its command line.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"mycloudmanager/internal/cli"
	"mycloudmanager/sandbox/playbook"
)

// version is set at build time.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	if isPlaybook() {
		os.Exit(playbook.Main(ctx, os.Args[1:]))
	}
	code := 0
	root, err := command()
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mcm:", cli.Message(err))
		code = cli.ExitCode(err)
	}
	stop()
	os.Exit(code)
}
