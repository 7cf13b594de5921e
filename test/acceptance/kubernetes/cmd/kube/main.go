// Command kube is a real Kubernetes control plane for the tests: etcd, API server, controller manager and scheduler
// with kwok's simulated nodes, in one process, and the integration with OpenStack.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"

	"github.com/spf13/cobra"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := commands().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kube:", err)
		if errors.Is(err, errRestart) {
			os.Exit(3)
		}
		os.Exit(1)
	}
}

func commands() *cobra.Command {
	var o options
	root := &cobra.Command{Use: "kube", SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().StringVar(&o.dir, "dir", ".", "state: keys, etcd's data, kubeconfig")
	root.PersistentFlags().IntVar(&o.port, "port", 26443, "port of the API on 127.0.0.1")
	control := &cobra.Command{Use: "control", Short: "run the control plane", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runControl(c.Context(), o) }}
	control.Flags().DurationVar(&o.grace, "node-grace", o.grace, "silence after which a node counts as lost")
	control.Flags().DurationVar(&o.toleration, "toleration", o.toleration, "how long pods stay on a lost node")
	_ = control.Flags().Set("node-grace", "20s")
	_ = control.Flags().Set("toleration", "5s")
	gate := &cobra.Command{Use: "gate", Short: "offer the API on this host and attach Cinder volumes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runGate(c.Context(), o) }}
	gate.Flags().BoolVar(&o.follow, "follow", false, "keep a node for every server of the stack")
	root.AddCommand(control, gate,
		&cobra.Command{Use: "ready", Short: "wait until the API serves", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return waitReady(c.Context(), o) }},
		&cobra.Command{Use: "nodes NAME[=SERVER]...", Short: "make simulated nodes, name the servers of nodes",
			RunE: func(c *cobra.Command, args []string) error { return ensureNodes(c.Context(), o, args) }},
		&cobra.Command{Use: "real NAME[=SERVER]", Short: "wait for a node with a kubelet", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error { return awaitReal(c.Context(), o, args[0]) }},
		&cobra.Command{Use: "prefer real|fake|all", Short: "choose where new pods go", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error { return prefer(c.Context(), o, args[0]) }})
	return root
}
