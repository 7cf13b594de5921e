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
		serverCommand("serve", "Run API, UI and worker in one process, with the embedded Temporal", server.Mode{API: true, Worker: true}),
		serverCommand("api", "Run API and UI against an external Temporal", server.Mode{API: true}),
		serverCommand("worker", "Run the worker against an external Temporal", server.Mode{Worker: true}),
		serverCommand("sandbox", "Run everything on a simulated cloud", server.Mode{API: true, Worker: true, Sandbox: true}),
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
	parent := &cobra.Command{Use: "config", Short: "Inspect the configuration"}
	check := &cobra.Command{Use: "check", Short: "Print the configuration and sign in to the cloud", Args: cobra.NoArgs,
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

// verifyAuditCommand returns `mcm audit verify`, which reads the audit store of this machine.
func verifyAuditCommand() *cobra.Command {
	verify := &cobra.Command{Use: "verify", Short: "Verify the chain of the audit log", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			return server.VerifyAudit(cmd.Context(), c, cmd.OutOrStdout())
		}}
	config.Flags(verify.Flags())
	return verify
}

func keysCommand() *cobra.Command {
	parent := &cobra.Command{Use: "keys", Short: "Manage the keyring of Temporal payloads"}
	rotate := &cobra.Command{Use: "rotate", Short: "Add a key to the keyring", Args: cobra.NoArgs,
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
			fmt.Fprintf(cmd.OutOrStdout(), "key %s added: copy the keyring to each replica, then restart the replicas\n", id)
			return nil
		}}
	config.Flags(rotate.Flags())
	parent.AddCommand(rotate)
	return parent
}
