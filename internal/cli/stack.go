package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/stack"
)

func (s *session) stack() *cobra.Command {
	return group("stack", "Manage the toolbox stack",
		s.watching(s.run("show", "Show the stack", cobra.NoArgs, s.stackShow)),
		s.stackDeploy("preflight", "Check quotas and parameters (dry run)", s.preflight),
		s.waiting(s.stackDeploy("deploy", "Deploy the stack", func(ctx context.Context, c *client, out io.Writer, p stack.Parameters) error {
			return s.start(ctx, c, out, http.MethodPost, "/stack", p)
		})),
		s.waiting(s.stackUpdate()),
		s.waiting(s.stackDelete()),
		s.watching(s.run("events", "List stack events, newest first", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			var events list[stack.Event]
			if err := c.do(ctx, http.MethodGet, "/stack/events", nil, &events); err != nil {
				return err
			}
			return s.print(out, events, func(t *table) {
				t.kind, t.header = "stack-event", []string{"TIME", "RESOURCE", "STATE", "REASON"}
				for _, e := range events.Items {
					t.add(e.ID, e.Time.Local().Format(time.DateTime), e.Resource, e.State, e.Reason)
				}
			})
		})),
	)
}

func (s *session) stackShow(ctx context.Context, c *client, out io.Writer, _ []string) error {
	var st stack.Stack
	if err := c.do(ctx, http.MethodGet, "/stack", nil, &st); err != nil {
		return err
	}
	return s.print(out, st, func(t *table) {
		t.kind, t.ids = "stack", []string{st.Name}
		t.field("STATE", st.State)
		t.field("REASON", st.Reason)
		if st.State == stack.Absent {
			t.field("NEXT", "mcm stack deploy --name toolbox --preset small --wait")
			return
		}
		t.field("NAME", st.Name)
		t.field("FLOATING IP", st.Outputs["floating_ip"])
		if st.Cluster != nil {
			t.field("CLUSTER", st.Cluster.Version, st.Cluster.NodesReady, "of", st.Cluster.NodesTotal, "nodes ready")
		}
		for _, n := range st.Nodes {
			t.field("  "+n.Role, n.Name, n.Address, n.Flavor, n.State)
		}
	})
}

// stackDeploy returns a command with the flags of a deployment.
func (s *session) stackDeploy(use, short string, f func(context.Context, *client, io.Writer, stack.Parameters) error) *cobra.Command {
	var (
		p                    stack.Parameters
		masters, nodes, etcd int
	)
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		for name, count := range map[string]struct {
			value *int
			into  **int
		}{"masters": {&masters, &p.Masters}, "nodes": {&nodes, &p.Nodes}, "etcd": {&etcd, &p.Etcd}} {
			if cmd.Flags().Changed(name) {
				*count.into = count.value
			}
		}
		return f(cmd.Context(), c, cmd.OutOrStdout(), p)
	}
	flags := cmd.Flags()
	flags.StringVar(&p.Name, "name", "toolbox", "name of the stack")
	flags.StringVar(&p.Preset, "preset", "small", "small or ha: the defaults of the flags below")
	flags.StringVar(&p.KeyPair, "key-pair", "", "key pair for your own SSH access")
	flags.StringVar(&p.Image, "image", "", "image")
	flags.StringVar(&p.ExternalNetwork, "external-network", "", "network of the floating IP")
	flags.StringVar(&p.MasterFlavor, "master-flavor", "", "flavor of masters")
	flags.StringVar(&p.NodeFlavor, "node-flavor", "", "flavor of nodes")
	flags.StringVar(&p.EtcdFlavor, "etcd-flavor", "", "flavor of etcd members")
	flags.StringVar(&p.VolumeType, "volume-type", "", "volume type")
	flags.IntVar(&masters, "masters", 0, "number of masters")
	flags.IntVar(&nodes, "nodes", 0, "number of nodes")
	flags.IntVar(&etcd, "etcd", 0, "number of etcd members: 0, 3 or 5")
	_ = cmd.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions([]string{"small", "ha"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (s *session) preflight(ctx context.Context, c *client, out io.Writer, p stack.Parameters) error {
	var r stack.Report
	if err := c.do(ctx, http.MethodPost, "/stack/preflight", p, &r); err != nil {
		return err
	}
	err := s.print(out, r, func(t *table) {
		t.kind, t.header = "preflight-check", []string{"RESOURCE", "NEEDED", "USED", "LIMIT", "OK", "DETAIL"}
		for _, check := range r.Checks {
			t.add(check.Resource, check.Resource, check.Needed, check.Used, check.Limit, check.OK, check.Detail)
		}
	})
	if err == nil && !r.OK {
		err = errors.New("the stack does not fit the quotas")
	}
	return err
}

func (s *session) stackUpdate() *cobra.Command {
	var (
		change         stack.Changes
		masters, nodes int
	)
	cmd := &cobra.Command{Use: "update", Short: "Scale the stack or change its flavors", Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("nodes") {
			change.Nodes = &nodes
		}
		if cmd.Flags().Changed("masters") {
			change.Masters = &masters
		}
		return s.start(cmd.Context(), c, cmd.OutOrStdout(), http.MethodPatch, "/stack", change)
	}
	cmd.Flags().IntVar(&nodes, "nodes", 0, "nodes")
	cmd.Flags().IntVar(&masters, "masters", 0, "masters")
	cmd.Flags().StringVar(&change.MasterFlavor, "master-flavor", "", "flavor of masters")
	cmd.Flags().StringVar(&change.NodeFlavor, "node-flavor", "", "flavor of nodes")
	cmd.Flags().StringVar(&change.EtcdFlavor, "etcd-flavor", "", "flavor of etcd members")
	return cmd
}

func (s *session) stackDelete() *cobra.Command {
	var confirm string
	cmd := s.run("delete", "Delete the stack", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		return s.start(ctx, c, out, http.MethodDelete, "/stack?confirm="+url.QueryEscape(confirm), nil)
	})
	cmd.Flags().StringVar(&confirm, "confirm", "", "name of the stack, required")
	return cmd
}
