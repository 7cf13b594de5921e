package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) instance() *cobra.Command {
	return group("instance", "Manage instances and their agents; INSTANCE is a name or an ID",
		s.watching(s.instanceList()),
		s.watching(s.run("show INSTANCE", "Show an instance with its agents", cobra.ExactArgs(1), s.instanceShow)),
		s.onInstance("unenroll", "Unenroll an instance", (*sdk.Client).UnenrollInstance),
		s.onInstance("connect", "Connect the instance's subnet to the stack", (*sdk.Client).ConnectInstance),
		group("agent", "Manage the agents of apps on an instance",
			s.agents(sdk.BatchAgentsRequestActionInstall, "Install agents"),
			s.agents(sdk.BatchAgentsRequestActionRemove, "Remove agents"),
			s.agents(sdk.BatchAgentsRequestActionCheck, "Check agents for drift"),
		),
	)
}

func (s *session) instanceList() *cobra.Command {
	var enrolled string
	cmd := s.run("list", "List the instances of the project", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			all, err := c.AllInstances(ctx, sdk.ListInstancesParams{Enrolled: optional(sdk.ListInstancesParamsEnrolled(enrolled))})
			if err != nil {
				return err
			}
			return s.print(out, sdk.InstanceList{Items: all}, func(t *table) {
				t.kind, t.header, t.wide = "instance", []string{"ID", "NAME", "STATUS", "ENROLLED", "ADDRESSES", "AGENTS", "FLAVOR", "DISTRIBUTION"}, 2
				for _, i := range all {
					t.add(i.ID, i.ID, i.Name, i.Status, yesNo(i.Enrolled), addressesOf(i), agentsOf(i), i.Flavor, i.Distribution)
				}
			})
		})
	cmd.Flags().StringVar(&enrolled, "enrolled", "all", "true, false or all")
	return cmd
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func addressesOf(i sdk.Instance) string {
	var list []string
	for _, a := range i.Addresses {
		list = append(list, a.Address)
	}
	return strings.Join(list, ",")
}

// agentsOf lists the agents, with their state unless it is installed.
func agentsOf(i sdk.Instance) string {
	var list []string
	for _, a := range i.Agents {
		switch a.State {
		case sdk.AgentStateStateAbsent:
		case sdk.AgentStateStateInstalled:
			list = append(list, a.App)
		default:
			list = append(list, a.App+"("+string(a.State)+")")
		}
	}
	return strings.Join(list, ",")
}

func (s *session) instanceShow(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
	i, err := findInstance(ctx, c, args[0])
	if err != nil {
		return err
	}
	return s.print(out, i, func(t *table) {
		t.kind, t.ids = "instance", []string{i.ID}
		t.field("ID", i.ID)
		t.field("NAME", i.Name)
		t.field("STATUS", i.Status)
		for _, a := range i.Addresses {
			t.field("ADDRESS", fmt.Sprintf("%s, %s, %s", a.Address, a.Kind, a.Network))
		}
		t.field("FLAVOR", i.Flavor)
		t.field("IMAGE", i.Image)
		t.field("ENROLLED", yesNo(i.Enrolled))
		if i.EnrolledAt != nil {
			t.field("ENROLLED AT", i.EnrolledAt.Local().Format(time.DateTime))
			t.field("SSH ADDRESS", i.Address)
			t.field("DISTRIBUTION", i.Distribution)
		}
		if task := value(i.Task); task != "" {
			t.field("TASK", strings.TrimPrefix(task, "/api/v1/tasks/"))
		}
		for _, a := range i.Agents {
			if a.State != sdk.AgentStateStateAbsent {
				t.field("AGENT "+a.App, strings.TrimSpace(string(a.State)+" "+a.Version))
			}
		}
	})
}

// onInstance returns a command that starts a task on one instance.
func (s *session) onInstance(name, short string, f func(c *sdk.Client, ctx context.Context, id string) (sdk.Task, error)) *cobra.Command {
	return s.starting(name+" INSTANCE", short, cobra.ExactArgs(1), func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
		i, err := findInstance(ctx, c, args[0])
		if err != nil {
			return sdk.Task{}, err
		}
		return f(c, ctx, i.ID)
	})
}

// agents returns a command that starts a task on the agents of some apps.
func (s *session) agents(action sdk.BatchAgentsRequestAction, short string) *cobra.Command {
	return s.starting(string(action)+" INSTANCE APP...", short, cobra.MinimumNArgs(2),
		func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
			i, err := findInstance(ctx, c, args[0])
			if err != nil {
				return sdk.Task{}, err
			}
			return c.BatchAgents(ctx, sdk.BatchAgentsRequest{Instances: []string{i.ID}, Apps: args[1:], Action: action})
		})
}
