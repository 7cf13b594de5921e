package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/cli"
)

func command() *cobra.Command {
	root := &cobra.Command{
		Use: "mcm", Short: "Unify, harmonise and monitor one OpenStack project",
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.AddCommand(serverCommands()...)
	root.AddCommand(sandboxCloud(), sshProxyCommand(), configCommand(), keysCommand(), auditCommand(), versionCommand())
	root.AddCommand(cli.Commands(version)...)
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, Run: func(cmd *cobra.Command, _ []string) {
		fmt.Fprintf(cmd.OutOrStdout(), "mcm %s (%s)\n", version, runtime.Version())
	}}
}
