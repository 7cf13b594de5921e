package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/instance"
)

func (s *session) instance() *cobra.Command {
	return group("instance", "Instances: enrolled servers and their agents; INSTANCE is a name or an id",
		s.instanceList(),
		s.run("show INSTANCE", "One instance with its agents", cobra.ExactArgs(1), s.instanceShow),
		s.instanceEnroll(),
		s.waiting(s.onInstance("unenroll", "Give an instance back: user, metadata and network of the manager go", http.MethodDelete, "")),
		s.waiting(s.onInstance("connect", "Attach the instance's subnet to the stack's router", http.MethodPost, "/connect")),
		group("agent", "Agents of apps on an instance",
			s.waiting(s.agents("install", "Install apps' agents on an instance")),
			s.waiting(s.agents("remove", "Remove apps' agents from an instance")),
			s.waiting(s.agents("check", "Tell what differs from what was installed; changes nothing")),
		),
	)
}

func instanceURL(id, rest string) string { return "/instances/" + url.PathEscape(id) + rest }

// instances reads every page.
func (c *client) instances(ctx context.Context, query url.Values) ([]instance.Instance, error) {
	all := []instance.Instance{}
	query.Set("page_size", "500")
	for {
		var page struct {
			Items []instance.Instance `json:"items"`
			Next  string              `json:"next_page_token"`
		}
		if err := c.do(ctx, http.MethodGet, "/instances?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("page_token", page.Next)
	}
}

// find is the instance of this id or, when only one has it, this name.
func (c *client) find(ctx context.Context, name string) (instance.Instance, error) {
	all, err := c.instances(ctx, url.Values{})
	if err != nil {
		return instance.Instance{}, err
	}
	return pick(all, name)
}

func pick(all []instance.Instance, name string) (instance.Instance, error) {
	var named []instance.Instance
	for _, i := range all {
		switch name {
		case i.ID:
			return i, nil
		case i.Name:
			named = append(named, i)
		}
	}
	switch len(named) {
	case 0:
		return instance.Instance{}, fmt.Errorf("there is no instance %q", name)
	case 1:
		return named[0], nil
	}
	ids := make([]string, len(named))
	for n, i := range named {
		ids[n] = i.ID
	}
	return instance.Instance{}, fmt.Errorf("%d instances are named %q: give one of their ids: %s", len(named), name, strings.Join(ids, ", "))
}

func (s *session) instanceList() *cobra.Command {
	var enrolled string
	cmd := s.run("list", "The project's instances", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		all, err := c.instances(ctx, url.Values{"enrolled": {enrolled}})
		if err != nil {
			return err
		}
		list := struct {
			Items []instance.Instance `json:"items"`
		}{all}
		return s.print(out, list, func(t *tabwriter.Writer) {
			row(t, "ID", "NAME", "STATUS", "ENROLLED", "ADDRESSES", "FLAVOR", "DISTRIBUTION", "AGENTS")
			for _, i := range all {
				row(t, i.ID, i.Name, i.Status, yesNo(i.Enrolled), addressesOf(i), i.Flavor, i.Distribution, agentsOf(i))
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

// agentsOf names the agents that are there, with their state where it is not simply installed.
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
	return s.print(out, i, func(t *tabwriter.Writer) {
		row(t, "ID", i.ID)
		row(t, "NAME", i.Name)
		row(t, "STATUS", i.Status)
		for _, a := range i.Addresses {
			row(t, "ADDRESS", fmt.Sprintf("%s, %s, %s", a.Address, a.Kind, a.Network))
		}
		row(t, "FLAVOR", i.Flavor)
		row(t, "IMAGE", i.Image)
		row(t, "ENROLLED", yesNo(i.Enrolled))
		if i.EnrolledAt != nil {
			row(t, "SINCE", i.EnrolledAt.Local().Format(time.DateTime))
			row(t, "SIGN-IN AT", i.Address)
			row(t, "DISTRIBUTION", i.Distribution)
		}
		if i.Task != "" {
			row(t, "TASK", strings.TrimPrefix(i.Task, "/api/v1/tasks/"))
		}
		for _, a := range i.Agents {
			if a.State != instance.Absent {
				row(t, "AGENT "+a.App, strings.TrimSpace(string(a.State)+" "+a.Version))
			}
		}
	})
}

// onInstance is work on one instance.
func (s *session) onInstance(name, short, method, rest string) *cobra.Command {
	return s.run(name+" INSTANCE", short, cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		i, err := c.find(ctx, args[0])
		if err != nil {
			return err
		}
		return s.start(ctx, c, out, method, instanceURL(i.ID, rest), nil)
	})
}

// agents is one task on the agents of some apps.
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
