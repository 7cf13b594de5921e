package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation/task"
)

// plan is a backup plan as the API returns it.
type plan struct {
	ID           string                 `json:"id"`
	Name         string                 `json:"name"`
	Instances    []string               `json:"instances"`
	Method       backup.Method          `json:"method"`
	Snapshot     backup.SnapshotOptions `json:"snapshot,omitzero"`
	Schedule     backup.Schedule        `json:"schedule"`
	Paused       bool                   `json:"paused"`
	Note         string                 `json:"note"`
	NextRuns     []time.Time            `json:"next_runs"`
	MissedRuns   int                    `json:"missed_runs"`
	OverdueSince *time.Time             `json:"overdue_since,omitempty"`
	LastRun      *planRun               `json:"last_run,omitempty"`
}

// planRun is the last run of a backup plan.
type planRun struct {
	Task      string    `json:"task"`
	Status    string    `json:"status"`
	StartedAt time.Time `json:"started_at"`
}

func (s *session) backupPlan() *cobra.Command {
	return group("plan", "Manage backup plans; PLAN is a name or an ID",
		s.watching(s.run("list", "List backup plans with their next and last run", cobra.NoArgs, s.planList)),
		s.watching(s.run("show PLAN", "Show a backup plan", cobra.ExactArgs(1), s.planShow)),
		s.planCreate(),
		s.waiting(s.onPlan("run", "Run a backup plan now", func(ctx context.Context, c *client, out io.Writer, p plan) error {
			return s.start(ctx, c, out, http.MethodPost, planURL(p.ID, "/run"), nil)
		})),
		s.onPlan("runs", "List the runs of a backup plan, newest first", s.planRuns),
		s.planPause(),
		s.onPlan("resume", "Resume a paused backup plan", func(ctx context.Context, c *client, out io.Writer, p plan) error {
			if err := c.do(ctx, http.MethodPost, planURL(p.ID, "/resume"), nil, nil); err != nil {
				return err
			}
			return printLine(out, "backup plan %s resumed", p.Name)
		}),
		s.planDelete(),
	)
}

func planURL(id, rest string) string { return "/backup-plans/" + url.PathEscape(id) + rest }

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
	return p.LastRun.Status + " " + p.LastRun.StartedAt.Local().Format(time.DateTime)
}

func (p plan) overdue() string {
	if p.OverdueSince == nil {
		return "-"
	}
	return "since " + p.OverdueSince.Local().Format(time.DateTime)
}

// planList passes on what the API returned, so that --output json and yaml hold every field.
func (s *session) planList(ctx context.Context, c *client, out io.Writer, _ []string) error {
	all, err := pages[json.RawMessage](ctx, c, "/backup-plans", url.Values{})
	if err != nil {
		return err
	}
	plans := make([]plan, len(all))
	for i, raw := range all {
		if err := json.Unmarshal(raw, &plans[i]); err != nil {
			return err
		}
	}
	return s.print(out, list[json.RawMessage]{all}, func(t *table) {
		t.kind, t.header, t.wide = "backup-plan", []string{"ID", "NAME", "METHOD", "INSTANCES", "SCHEDULE", "NEXT", "LAST", "OVERDUE", "MISSED RUNS"}, 1
		for _, p := range plans {
			t.add(p.ID, p.ID, p.Name, p.Method, len(p.Instances), p.Schedule, p.next(), p.last(), p.overdue(), p.MissedRuns)
		}
	})
}

// planShow passes on what the API returned, so that --output json and yaml hold every field.
func (s *session) planShow(ctx context.Context, c *client, out io.Writer, args []string) error {
	p, err := c.plan(ctx, args[0])
	if err != nil {
		return err
	}
	var whole json.RawMessage
	if err := c.do(ctx, http.MethodGet, planURL(p.ID, ""), nil, &whole); err != nil {
		return err
	}
	return s.print(out, whole, func(t *table) {
		t.kind, t.ids = "backup-plan", []string{p.ID}
		t.field("ID", p.ID)
		t.field("NAME", p.Name)
		t.field("METHOD", p.Method)
		t.field("CONSISTENCY GROUP", yesNo(p.Snapshot.ConsistencyGroup))
		t.field("INSTANCES", strings.Join(p.Instances, ","))
		t.field("SCHEDULE", p.Schedule)
		t.field("NEXT", p.next())
		t.field("LAST", p.last())
		t.field("MISSED RUNS", p.MissedRuns)
		t.field("OVERDUE", p.overdue())
	})
}

func (s *session) planRuns(ctx context.Context, c *client, out io.Writer, p plan) error {
	runs, err := pages[task.Task](ctx, c, planURL(p.ID, "/runs"), url.Values{})
	if err != nil {
		return err
	}
	return s.print(out, list[task.Task]{runs}, func(t *table) {
		t.kind, t.header = "task", []string{"TASK", "STATUS", "STARTED", "MESSAGE"}
		for _, r := range runs {
			t.add(r.ID, r.ID, r.Status, r.StartedAt.Local().Format(time.DateTime), r.Message)
		}
	})
}

// onPlan returns a command that acts on one backup plan.
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
	cmd := s.onPlan("pause", "Pause a backup plan", func(ctx context.Context, c *client, out io.Writer, p plan) error {
		if err := c.do(ctx, http.MethodPost, planURL(p.ID, "/pause"), body, nil); err != nil {
			return err
		}
		return printLine(out, "backup plan %s paused", p.Name)
	})
	cmd.Flags().StringVar(&body.Note, "note", "", "reason, shown with the plan")
	return cmd
}

func (s *session) planDelete() *cobra.Command {
	var backups bool
	var confirm string
	cmd := s.onPlan("delete", "Delete a backup plan", func(ctx context.Context, c *client, out io.Writer, p plan) error {
		path := planURL(p.ID, "")
		if backups {
			if confirm != p.Name {
				return fmt.Errorf("deleted backups cannot be restored: confirm with --confirm %q", p.Name)
			}
			path += "?delete_backups=true"
		}
		if err := c.do(ctx, http.MethodDelete, path, nil, nil); err != nil {
			return err
		}
		return printLine(out, "backup plan %s deleted", p.Name)
	})
	cmd.Flags().BoolVar(&backups, "delete-backups", false, "delete the plan's backups too, except held ones")
	cmd.Flags().StringVar(&confirm, "confirm", "", "name of the plan, required with --delete-backups")
	return cmd
}
