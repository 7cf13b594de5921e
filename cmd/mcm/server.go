package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/platform/config"
	"mycloudmanager/internal/platform/encryption"
	"mycloudmanager/internal/platform/supervisor"
	"mycloudmanager/sandbox"
	"mycloudmanager/server"
)

func serverCommands() []*cobra.Command {
	return []*cobra.Command{
		serverCommand("serve", "API, UI and worker in one process, with the embedded Temporal", server.Mode{API: true, Worker: true}),
		serverCommand("api", "Only API and UI, against an external Temporal", server.Mode{API: true}),
		serverCommand("worker", "Only the worker, against an external Temporal", server.Mode{Worker: true}),
		serverCommand("sandbox", "Everything on a simulated cloud: nothing else is needed", server.Mode{API: true, Worker: true, Sandbox: true}),
	}
}

func serverCommand(use, short string, mode server.Mode) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := config.Load(cmd.Flags())
		if err != nil {
			return err
		}
		if use == "api" || use == "worker" {
			if c.TemporalAddress == "" {
				return fmt.Errorf("mcm %s needs an external Temporal: set MCM_TEMPORAL_ADDRESS", use)
			}
		}
		server.Setup(c)
		return server.Run(cmd.Context(), c, mode, version, cmd.OutOrStdout())
	}}
	config.Flags(cmd.Flags())
	return cmd
}

// sandboxCloud is the simulated cloud's own process, started by `mcm sandbox`.
func sandboxCloud() *cobra.Command {
	cmd := &cobra.Command{Use: "sandbox-cloud", Short: "The simulated cloud alone", Hidden: true, Args: cobra.NoArgs}
	dir := cmd.Flags().String("dir", "", "folder of its state")
	config.Flags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := config.Load(cmd.Flags())
		if err != nil {
			return err
		}
		server.Setup(c)
		lock, err := supervisor.LockSandbox(*dir)
		if err != nil {
			return err
		}
		defer lock.Close() //nolint:errcheck // the process ends
		cloud, err := sandbox.New(sandbox.Config{DataDir: *dir, Listen: c.SandboxListen, Speed: c.SandboxSpeed,
			Ready: func() error { return supervisor.RegisterSandbox(*dir, c.SandboxListen) }})
		if err != nil {
			return err
		}
		defer cloud.Close() //nolint:errcheck // every change was written when it happened
		return cloud.Serve(cmd.Context())
	}
	return cmd
}

func configCommand() *cobra.Command {
	parent := &cobra.Command{Use: "config", Short: "Look at the configuration"}
	check := &cobra.Command{Use: "check", Short: "Print the configuration, secrets redacted, and try the cloud", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			fmt.Fprint(cmd.OutOrStdout(), config.Print(cmd.Flags()))
			if err != nil {
				return err
			}
			return server.Check(cmd.Context(), c, cmd.OutOrStdout())
		}}
	config.Flags(check.Flags())
	parent.AddCommand(check)
	return parent
}

func auditCommand() *cobra.Command {
	parent := &cobra.Command{Use: "audit", Short: "The audit store"}
	verify := &cobra.Command{Use: "verify", Short: "Walk the audit's chain: has anything in the past been changed?", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			return server.VerifyAudit(cmd.Context(), c, cmd.OutOrStdout())
		}}
	config.Flags(verify.Flags())
	parent.AddCommand(verify)
	return parent
}

func keysCommand() *cobra.Command {
	parent := &cobra.Command{Use: "keys", Short: "The key ring that seals what goes through Temporal"}
	rotate := &cobra.Command{Use: "rotate", Short: "Add a new key; older ones stay to open what they sealed", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			ring, err := encryption.OpenKeyring(c.DataDir + "/keys")
			if err != nil {
				return err
			}
			id := ring.NextID()
			if err := ring.Rotate(id); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "key %s is the newest: copy the ring to every replica, then restart them\n", id)
			return nil
		}}
	config.Flags(rotate.Flags())
	parent.AddCommand(rotate)
	return parent
}
