package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/backup"
)

// plan is a backup plan as the API shows it.
type plan struct {
	ID               string                 `json:"id"`
	Name             string                 `json:"name"`
	Instances        []string               `json:"instances"`
	Method           backup.Method          `json:"method"`
	Snapshot         backup.SnapshotOptions `json:"snapshot,omitzero"`
	Schedule         backup.Schedule        `json:"schedule"`
	Paused           bool                   `json:"paused"`
	Note             string                 `json:"note"`
	NextRuns         []time.Time            `json:"next_runs"`
	MissedRuns       int                    `json:"missed_runs"`
	OverdueInstances *time.Time             `json:"overdue_since,omitempty"`
	LastRun          *struct {
		Task   string    `json:"task"`
		Status string    `json:"status"`
		At     time.Time `json:"at"`
	} `json:"last_run,omitempty"`
}

func planURL(id, rest string) string { return "/backup-plans/" + url.PathEscape(id) + rest }

// plan is the plan of this id or, when only one has it, this name.
func (c *client) plan(ctx context.Context, name string) (plan, error) {
	all, err := pages[plan](ctx, c, "/backup-plans", url.Values{})
	if err != nil {
		return plan{}, err
	}
	return pickPlan(all, name)
}

func pickPlan(all []plan, name string) (plan, error) {
	var named []plan
	var ids []string
	for _, p := range all {
		switch name {
		case p.ID:
			return p, nil
		case p.Name:
			named, ids = append(named, p), append(ids, p.ID)
		}
	}
	switch len(named) {
	case 0:
		return plan{}, fmt.Errorf("there is no backup plan %q", name)
	case 1:
		return named[0], nil
	}
	return plan{}, fmt.Errorf("%d plans are named %q: give one of their ids: %s", len(named), name, strings.Join(ids, ", "))
}

func (p plan) next() string {
	switch {
	case p.Paused:
		return strings.TrimSpace("paused " + p.Note)
	case len(p.NextRuns) == 0:
		return "-"
	}
	return p.NextRuns[0].Local().Format(time.DateTime)
}

func (p plan) last() string {
	if p.LastRun == nil {
		return "never"
	}
	return p.LastRun.Status + " " + p.LastRun.At.Local().Format(time.DateTime)
}

func (p plan) overdue() string {
	if p.OverdueInstances == nil {
		return "-"
	}
	return "since " + p.OverdueInstances.Local().Format(time.DateTime)
}

func (s *session) planList(ctx context.Context, c *client, out io.Writer, _ []string) error {
	all, err := pages[json.RawMessage](ctx, c, "/backup-plans", url.Values{})
	if err != nil {
		return err
	}
	list := struct {
		Items []json.RawMessage `json:"items"`
	}{all}
	plans := make([]plan, len(all))
	for i, raw := range all {
		if err := json.Unmarshal(raw, &plans[i]); err != nil {
			return err
		}
	}
	return s.print(out, list, func(t *tabwriter.Writer) {
		row(t, "ID", "NAME", "METHOD", "INSTANCES", "SCHEDULE", "NEXT", "LAST", "MISSED", "STALE")
		for _, p := range plans {
			row(t, p.ID, p.Name, string(p.Method), fmt.Sprint(len(p.Instances)), p.Schedule.String(), p.next(), p.last(), fmt.Sprint(p.MissedRuns), p.overdue())
		}
	})
}

func (s *session) planShow(ctx context.Context, c *client, out io.Writer, args []string) error {
	p, err := c.plan(ctx, args[0])
	if err != nil {
		return err
	}
	return s.print(out, p, func(t *tabwriter.Writer) {
		row(t, "ID", p.ID)
		row(t, "NAME", p.Name)
		row(t, "METHOD", string(p.Method))
		row(t, "TOGETHER", yesNo(p.Snapshot.ConsistencyGroup))
		row(t, "INSTANCES", strings.Join(p.Instances, ","))
		row(t, "SCHEDULE", p.Schedule.String())
		row(t, "NEXT", p.next())
		row(t, "LAST", p.last())
		row(t, "MISSED", fmt.Sprint(p.MissedRuns))
		row(t, "STALE", p.overdue())
	})
}

// planCreate reads the settings as the contract has them, so that all of them can be said.
func (s *session) planCreate() *cobra.Command {
	var together bool
	cmd := s.run("create FILE", "Make a plan from a JSON file, - is standard input: the body of POST /backup-plans", cobra.ExactArgs(1),
		func(ctx context.Context, c *client, out io.Writer, args []string) error {
			file := os.Stdin
			if args[0] != "-" {
				opened, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer opened.Close() //nolint:errcheck // it is only read
				file = opened
			}
			raw, err := io.ReadAll(file)
			if err != nil {
				return err
			}
			body, err := settings(raw, together)
			if err != nil {
				return fmt.Errorf("%s is no JSON of a plan: %w", args[0], err)
			}
			var p plan
			if err := c.do(ctx, http.MethodPost, "/backup-plans", body, &p); err != nil {
				return err
			}
			return say(out, "plan %s: %s, next %s", p.Name, p.ID, p.next())
		})
	cmd.Flags().BoolVar(&together, "together", false, "of snapshots: shut all instances off before the first image is made, so that they fit together")
	return cmd
}

// settings are what was read, with what the flags say.
func settings(raw []byte, together bool) (map[string]any, error) {
	body := map[string]any{}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, err
	}
	if together {
		body["snapshot"] = backup.SnapshotOptions{ConsistencyGroup: true}
	}
	return body, nil
}

func (s *session) onPlan(name, short string, f func(ctx context.Context, c *client, out io.Writer, p plan) error) *cobra.Command {
	return s.run(name+" PLAN", short, cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		p, err := c.plan(ctx, args[0])
		if err != nil {
			return err
		}
		return f(ctx, c, out, p)
	})
}

func (s *session) planPause() *cobra.Command {
	var body struct {
		Note string `json:"note,omitempty"`
	}
	cmd := s.onPlan("pause", "Keep a plan from running", func(ctx context.Context, c *client, out io.Writer, p plan) error {
		if err := c.do(ctx, http.MethodPost, planURL(p.ID, "/pause"), body, nil); err != nil {
			return err
		}
		return say(out, "plan %s: paused", p.Name)
	})
	cmd.Flags().StringVar(&body.Note, "note", "", "why")
	return cmd
}

func (s *session) planDelete() *cobra.Command {
	var backups bool
	var confirm string
	cmd := s.onPlan("delete", "Delete a plan; its backups stay unless asked", func(ctx context.Context, c *client, out io.Writer, p plan) error {
		path := planURL(p.ID, "")
		if backups {
			if confirm != p.Name {
				return fmt.Errorf("its backups cannot be brought back: say --confirm %q", p.Name)
			}
			path += "?delete_backups=true"
		}
		if err := c.do(ctx, http.MethodDelete, path, nil, nil); err != nil {
			return err
		}
		return say(out, "plan %s: deleted", p.Name)
	})
	cmd.Flags().BoolVar(&backups, "backups", false, "delete its backups too, but those that are held")
	cmd.Flags().StringVar(&confirm, "confirm", "", "the plan's name, with --backups")
	return cmd
}
