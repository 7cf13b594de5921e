package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/instance"
)

func (s *session) instance() *cobra.Command {
	return group("instance", "Manage instances and their agents; INSTANCE is a name or an ID",
		s.watching(s.instanceList()),
		s.watching(s.run("show INSTANCE", "Show an instance with its agents", cobra.ExactArgs(1), s.instanceShow)),
		s.waiting(s.onInstance("unenroll", "Unenroll an instance", http.MethodDelete, "")),
		s.waiting(s.onInstance("connect", "Connect the instance's subnet to the stack", http.MethodPost, "/connect")),
		group("agent", "Manage the agents of apps on an instance",
			s.waiting(s.agents("install", "Install agents")),
			s.waiting(s.agents("remove", "Remove agents")),
			s.waiting(s.agents("check", "Check agents for drift")),
		),
	)
}

func instanceURL(id, rest string) string { return "/instances/" + url.PathEscape(id) + rest }

func (s *session) instanceList() *cobra.Command {
	var enrolled string
	cmd := s.run("list", "List the instances of the project", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		all, err := pages[instance.Instance](ctx, c, "/instances", url.Values{"enrolled": {enrolled}})
		if err != nil {
			return err
		}
		return s.print(out, list[instance.Instance]{all}, func(t *table) {
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

func addressesOf(i instance.Instance) string {
	var list []string
	for _, a := range i.Addresses {
		list = append(list, a.Address)
	}
	return strings.Join(list, ",")
}

// agentsOf lists the agents, with their state unless it is installed.
func agentsOf(i instance.Instance) string {
	var list []string
	for _, a := range i.Agents {
		switch a.State {
		case instance.Absent:
		case instance.Installed:
			list = append(list, a.App)
		default:
			list = append(list, a.App+"("+string(a.State)+")")
		}
	}
	return strings.Join(list, ",")
}

func (s *session) instanceShow(ctx context.Context, c *client, out io.Writer, args []string) error {
	i, err := c.find(ctx, args[0])
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
		if i.Task != "" {
			t.field("TASK", strings.TrimPrefix(i.Task, "/api/v1/tasks/"))
		}
		for _, a := range i.Agents {
			if a.State != instance.Absent {
				t.field("AGENT "+a.App, strings.TrimSpace(string(a.State)+" "+a.Version))
			}
		}
	})
}

// onInstance returns a command that starts a task on one instance.
func (s *session) onInstance(name, short, method, rest string) *cobra.Command {
	return s.run(name+" INSTANCE", short, cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		i, err := c.find(ctx, args[0])
		if err != nil {
			return err
		}
		return s.start(ctx, c, out, method, instanceURL(i.ID, rest), nil)
	})
}

// agents returns a command that starts a task on the agents of some apps.
func (s *session) agents(action, short string) *cobra.Command {
	return s.run(action+" INSTANCE APP...", short, cobra.MinimumNArgs(2), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		i, err := c.find(ctx, args[0])
		if err != nil {
			return err
		}
		body := struct {
			Instances []string `json:"instances"`
			Apps      []string `json:"apps"`
			Action    string   `json:"action"`
		}{[]string{i.ID}, args[1:], action}
		return s.start(ctx, c, out, http.MethodPost, "/agents:batch", body)
	})
}
