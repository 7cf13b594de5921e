package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/sandbox/playbook"
)

// sshProxyCommand returns the ProxyCommand with which OpenSSH reaches an instance through the SSH connections of the manager.
func sshProxyCommand() *cobra.Command {
	return &cobra.Command{Use: "ssh-proxy SOCKET ADDRESS", Short: "Connect to an instance through a running manager", Hidden: true, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return ssh.ServeProxyCommand(cmd.Context(), args[0], args[1], os.Stdin, os.Stdout)
		}}
}

// isPlaybook reports whether the program was started in ansible-playbook's place, as the sandbox does.
func isPlaybook() bool { return filepath.Base(os.Args[0]) == playbook.Name }
