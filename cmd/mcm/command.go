package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/cli"
)

// command returns the root command with all commands below it.
func command() (*cobra.Command, error) {
	root := &cobra.Command{
		Use: "mcm", Short: "Unify, harmonise and monitor one OpenStack project",
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.AddCommand(serverCommands()...)
	root.AddCommand(sandboxCloud(), sshProxyCommand(), docsCommand(), configCommand(), keysCommand(), versionCommand())
	for _, c := range cli.Commands(version) {
		if c.Name() == "audit" {
			c.AddCommand(verifyAuditCommand())
		}
		root.AddCommand(c)
	}
	return root, cli.AddHelp(root)
}

func versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, Run: func(cmd *cobra.Command, _ []string) {
		fmt.Fprintf(cmd.OutOrStdout(), "mcm %s (%s)\n", version, runtime.Version())
	}}
}
