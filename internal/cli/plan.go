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

func (s *session) backupPlan() *cobra.Command {
	return group("plan", "Manage backup plans; PLAN is a name or an ID",
		s.watching(s.run("list", "List backup plans with their next and last run", cobra.NoArgs, s.planList)),
		s.watching(s.run("show PLAN", "Show a backup plan", cobra.ExactArgs(1), s.planShow)),
		s.planCreate(),
		s.starting("run PLAN", "Run a backup plan now", cobra.ExactArgs(1),
			func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
				p, err := findPlan(ctx, c, args[0])
				if err != nil {
					return sdk.Task{}, err
				}
				return c.RunBackupPlan(ctx, value(p.ID))
			}),
		s.onPlan("runs", "List the runs of a backup plan, newest first", s.planRuns),
		s.planPause(),
		s.onPlan("resume", "Resume a paused backup plan", func(ctx context.Context, c *sdk.Client, out io.Writer, p sdk.BackupPlan) error {
			if _, err := c.ResumeBackupPlan(ctx, value(p.ID)); err != nil {
				return err
			}
			return printLine(out, "backup plan %s resumed", p.Name)
		}),
		s.planDelete(),
	)
}

// nextRun returns the time of the next run, or why there is none.
func nextRun(p sdk.BackupPlan) string {
	switch {
	case value(p.Paused):
		return strings.TrimSpace("paused " + value(p.Note))
	case len(p.NextRuns) == 0:
		return "-"
	}
	return p.NextRuns[0].Local().Format(time.DateTime)
}

func lastRun(p sdk.BackupPlan) string {
	if p.LastRun == nil {
		return "never"
	}
	return string(p.LastRun.Status) + " " + p.LastRun.StartedAt.Local().Format(time.DateTime)
}

func overdue(p sdk.BackupPlan) string {
	if p.OverdueSince == nil {
		return "-"
	}
	return "since " + p.OverdueSince.Local().Format(time.DateTime)
}

// scheduleText returns a schedule as one phrase, for example "weekly monday 02:30 Europe/Paris".
func scheduleText(s sdk.BackupSchedule) string {
	if s.Frequency == sdk.BackupScheduleFrequencyCron {
		return fmt.Sprintf("cron %s %s", value(s.Cron), s.TimeZone)
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", s.Frequency, value(s.Weekday), value(s.Time), s.TimeZone)), " ")
}

func (s *session) planList(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
	all, err := c.AllBackupPlans(ctx)
	if err != nil {
		return err
	}
	return s.print(out, sdk.BackupPlans{Items: all}, func(t *table) {
		t.kind, t.wide = "backup-plan", 1
		t.header = []string{"ID", "NAME", "METHOD", "INSTANCES", "SCHEDULE", "NEXT", "LAST", "OVERDUE", "MISSED RUNS"}
		for _, p := range all {
			id := value(p.ID)
			t.add(id, id, p.Name, p.Method, len(p.Instances), scheduleText(p.Schedule), nextRun(p), lastRun(p), overdue(p), value(p.MissedRuns))
		}
	})
}

func (s *session) planShow(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
	p, err := findPlan(ctx, c, args[0])
	if err != nil {
		return err
	}
	return s.print(out, p, func(t *table) {
		id := value(p.ID)
		t.kind, t.ids = "backup-plan", []string{id}
		t.field("ID", id)
		t.field("NAME", p.Name)
		t.field("METHOD", p.Method)
		t.field("CONSISTENCY GROUP", yesNo(p.Snapshot != nil && value(p.Snapshot.ConsistencyGroup)))
		t.field("INSTANCES", strings.Join(p.Instances, ","))
		t.field("SCHEDULE", scheduleText(p.Schedule))
		t.field("NEXT", nextRun(p))
		t.field("LAST", lastRun(p))
		t.field("MISSED RUNS", value(p.MissedRuns))
		t.field("OVERDUE", overdue(p))
	})
}

func (s *session) planRuns(ctx context.Context, c *sdk.Client, out io.Writer, p sdk.BackupPlan) error {
	runs, err := c.AllBackupPlanRuns(ctx, value(p.ID))
	if err != nil {
		return err
	}
	return s.print(out, sdk.TaskPage{Items: runs}, func(t *table) {
		t.kind, t.header = "task", []string{"TASK", "STATUS", "STARTED", "MESSAGE"}
		for _, r := range runs {
			t.add(r.ID, r.ID, r.Status, r.StartedAt.Local().Format(time.DateTime), r.Message)
		}
	})
}

// onPlan returns a command that acts on one backup plan.
func (s *session) onPlan(name, short string,
	f func(ctx context.Context, c *sdk.Client, out io.Writer, p sdk.BackupPlan) error) *cobra.Command {
	return s.run(name+" PLAN", short, cobra.ExactArgs(1), func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
		p, err := findPlan(ctx, c, args[0])
		if err != nil {
			return err
		}
		return f(ctx, c, out, p)
	})
}

func (s *session) planPause() *cobra.Command {
	var note string
	cmd := s.onPlan("pause", "Pause a backup plan", func(ctx context.Context, c *sdk.Client, out io.Writer, p sdk.BackupPlan) error {
		if _, err := c.PauseBackupPlan(ctx, value(p.ID), sdk.PausePlanRequest{Note: optional(note)}); err != nil {
			return err
		}
		return printLine(out, "backup plan %s paused", p.Name)
	})
	cmd.Flags().StringVar(&note, "note", "", "reason, shown with the plan")
	return cmd
}

func (s *session) planDelete() *cobra.Command {
	var backups bool
	var confirm string
	cmd := s.onPlan("delete", "Delete a backup plan", func(ctx context.Context, c *sdk.Client, out io.Writer, p sdk.BackupPlan) error {
		if backups && confirm != p.Name {
			return fmt.Errorf("deleted backups cannot be restored: confirm with --confirm %q", p.Name)
		}
		if err := c.DeleteBackupPlan(ctx, value(p.ID), sdk.DeleteBackupPlanParams{DeleteBackups: optional(backups)}); err != nil {
			return err
		}
		return printLine(out, "backup plan %s deleted", p.Name)
	})
	cmd.Flags().BoolVar(&backups, "delete-backups", false, "delete the plan's backups too, except held ones")
	cmd.Flags().StringVar(&confirm, "confirm", "", "name of the plan, required with --delete-backups")
	return cmd
}
