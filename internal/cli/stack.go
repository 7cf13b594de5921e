package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mycloudmanager/sdk"
)

func (s *session) stack() *cobra.Command {
	return group("stack", "Manage the toolbox stack",
		s.watching(s.run("show", "Show the stack", cobra.NoArgs, s.stackShow)),
		s.stackPreflight(),
		s.stackDeploy(),
		s.stackUpdate(),
		s.stackDelete(),
		s.watching(s.run("events", "List stack events, newest first", cobra.NoArgs, s.stackEvents)),
	)
}

func (s *session) stackEvents(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
	events, err := c.ListStackEvents(ctx)
	if err != nil {
		return err
	}
	return s.print(out, events, func(t *table) {
		t.kind, t.header = "stack-event", []string{"TIME", "RESOURCE", "STATE", "REASON"}
		for _, e := range events.Items {
			t.add(e.ID, e.Time.Local().Format(time.DateTime), e.Resource, e.State, e.Reason)
		}
	})
}

func (s *session) stackShow(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
	st, err := c.GetStack(ctx)
	if err != nil {
		return err
	}
	return s.print(out, st, func(t *table) {
		t.kind, t.ids = "stack", []string{st.Name}
		t.field("STATE", st.State)
		t.field("REASON", st.Reason)
		if st.State == sdk.StackStateAbsent {
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

// stackFlags are the flags of a deployment. An empty text gives the default of the preset; a count is sent when its flag was
// given, since 0 is a count too.
type stackFlags struct {
	set *pflag.FlagSet

	name, preset, keyPair, image, externalNetwork, masterFlavor, nodeFlavor, etcdFlavor, volumeType string

	masters, nodes, etcd int64
}

func newStackFlags(cmd *cobra.Command) *stackFlags {
	f := &stackFlags{set: cmd.Flags()}
	f.set.StringVar(&f.name, "name", "toolbox", "name of the stack")
	f.set.StringVar(&f.preset, "preset", "small", "small or ha: the defaults of the flags below")
	f.set.StringVar(&f.keyPair, "key-pair", "", "key pair for your own SSH access")
	f.set.StringVar(&f.image, "image", "", "image")
	f.set.StringVar(&f.externalNetwork, "external-network", "", "network of the floating IP")
	f.set.StringVar(&f.masterFlavor, "master-flavor", "", "flavor of masters")
	f.set.StringVar(&f.nodeFlavor, "node-flavor", "", "flavor of nodes")
	f.set.StringVar(&f.etcdFlavor, "etcd-flavor", "", "flavor of etcd members")
	f.set.StringVar(&f.volumeType, "volume-type", "", "volume type")
	f.set.Int64Var(&f.masters, "masters", 0, "number of masters")
	f.set.Int64Var(&f.nodes, "nodes", 0, "number of nodes")
	f.set.Int64Var(&f.etcd, "etcd", 0, "number of etcd members: 0, 3 or 5")
	_ = cmd.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions([]string{"small", "ha"}, cobra.ShellCompDirectiveNoFileComp))
	return f
}

func (f *stackFlags) parameters() sdk.StackParameters {
	return sdk.StackParameters{
		Name: f.name, Preset: optional(sdk.StackParametersPreset(f.preset)), KeyPair: optional(f.keyPair), Image: optional(f.image),
		ExternalNetwork: optional(f.externalNetwork), MasterFlavor: optional(f.masterFlavor), NodeFlavor: optional(f.nodeFlavor),
		EtcdFlavor: optional(f.etcdFlavor), VolumeType: optional(f.volumeType),
		Masters: given(f.set, "masters", f.masters), Nodes: given(f.set, "nodes", f.nodes),
		Etcd: given(f.set, "etcd", sdk.StackParametersEtcd(f.etcd)),
	}
}

func (s *session) stackPreflight() *cobra.Command {
	var flags *stackFlags
	cmd := s.run("preflight", "Check quotas and parameters (dry run)", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			r, err := c.PreflightStack(ctx, flags.parameters())
			if err != nil {
				return err
			}
			err = s.print(out, r, func(t *table) {
				t.kind, t.header = "preflight-check", []string{"RESOURCE", "NEEDED", "USED", "LIMIT", "OK", "DETAIL"}
				for _, check := range r.Checks {
					t.add(string(check.Resource), check.Resource, check.Needed, check.Used, check.Limit, check.Ok, check.Detail)
				}
			})
			if err == nil && !r.Ok {
				err = errors.New("the stack does not fit the quotas")
			}
			return err
		})
	flags = newStackFlags(cmd)
	return cmd
}

func (s *session) stackDeploy() *cobra.Command {
	var flags *stackFlags
	cmd := s.starting("deploy", "Deploy the stack", cobra.NoArgs, func(ctx context.Context, c *sdk.Client, _ []string) (sdk.Task, error) {
		return c.DeployStack(ctx, flags.parameters())
	})
	flags = newStackFlags(cmd)
	return cmd
}

func (s *session) stackUpdate() *cobra.Command {
	var (
		flags                                *pflag.FlagSet
		masters, nodes                       int64
		masterFlavor, nodeFlavor, etcdFlavor string
	)
	cmd := s.starting("update", "Scale the stack or change its flavors", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, _ []string) (sdk.Task, error) {
			return c.UpdateStack(ctx, sdk.StackChanges{Masters: given(flags, "masters", masters), Nodes: given(flags, "nodes", nodes),
				MasterFlavor: optional(masterFlavor), NodeFlavor: optional(nodeFlavor), EtcdFlavor: optional(etcdFlavor)})
		})
	flags = cmd.Flags()
	flags.Int64Var(&nodes, "nodes", 0, "nodes")
	flags.Int64Var(&masters, "masters", 0, "masters")
	flags.StringVar(&masterFlavor, "master-flavor", "", "flavor of masters")
	flags.StringVar(&nodeFlavor, "node-flavor", "", "flavor of nodes")
	flags.StringVar(&etcdFlavor, "etcd-flavor", "", "flavor of etcd members")
	return cmd
}

func (s *session) stackDelete() *cobra.Command {
	var confirm string
	cmd := s.starting("delete", "Delete the stack", cobra.NoArgs, func(ctx context.Context, c *sdk.Client, _ []string) (sdk.Task, error) {
		return c.DeleteStack(ctx, sdk.DeleteStackParams{Confirm: &confirm})
	})
	cmd.Flags().StringVar(&confirm, "confirm", "", "name of the stack, required")
	return cmd
}
