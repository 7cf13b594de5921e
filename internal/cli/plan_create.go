package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mycloudmanager/sdk"
)

// planFlags are the flags of `mcm backup plan create`. A flag that was given replaces the field of the file.
type planFlags struct {
	set         *pflag.FlagSet
	instances   []string
	directories []string
	excludes    []string
	text        map[string]*string
	number      map[string]*int
	group       bool
	catchUp     time.Duration
}

// textFields and numberFields name the field of the request body that a flag sets.
var (
	textFields = map[string]string{"name": "name", "method": "method", "frequency": "schedule.frequency",
		"at": "schedule.time", "weekday": "schedule.weekday", "cron": "schedule.cron", "zone": "schedule.time_zone",
		"engine": "soft.engine", "pre-hook": "soft.pre_hook", "post-hook": "soft.post_hook", "on-hook-error": "soft.on_hook_error"}
	numberFields = map[string]string{"day": "schedule.day_of_month", "keep-last": "retention.keep_last", "keep-daily": "retention.daily",
		"keep-weekly": "retention.weekly", "keep-monthly": "retention.monthly"}
)

func newPlanFlags(set *pflag.FlagSet) *planFlags {
	f := &planFlags{set: set, text: map[string]*string{}, number: map[string]*int{}}
	set.StringArrayVar(&f.instances, "instance", nil, "instance to back up, by name or ID; may be repeated")
	set.StringArrayVar(&f.directories, "directory", nil, "directory to back up with --method soft; may be repeated")
	set.StringArrayVar(&f.excludes, "exclude", nil, "pattern of files to leave out with --method soft; may be repeated")
	set.BoolVar(&f.group, "consistency-group", false,
		"stop all instances before the first snapshot, so that the snapshots of one run are consistent with each other")
	set.DurationVar(&f.catchUp, "catch-up", 0, "start a missed run up to this long after its time, for example 1h")
	for name, help := range map[string]string{"name": "name of the plan", "method": "snapshot or soft (files)",
		"frequency": "daily, weekly, monthly or cron; derived from --weekday, --day and --cron",
		"at":        "time of day, hh:mm", "weekday": "day of the week, for example monday", "cron": "cron expression of five fields",
		"zone": "time zone, for example Europe/Paris", "engine": "restic or duplicity, with --method soft",
		"pre-hook": "shell command before the backup, as root", "post-hook": "shell command after the backup, as root",
		"on-hook-error": "fail or continue"} {
		f.text[name] = set.String(name, "", help)
	}
	for name, help := range map[string]string{"day": "day of the month", "keep-last": "number of newest backups to keep",
		"keep-daily": "number of daily backups to keep", "keep-weekly": "number of weekly backups to keep",
		"keep-monthly": "number of monthly backups to keep"} {
		f.number[name] = set.Int(name, 0, help)
	}
	return f
}

// apply writes the flags that were given into the request body.
func (f *planFlags) apply(body map[string]any, instanceIDs []string) error {
	values := map[string]any{}
	for flag, path := range textFields {
		if f.set.Changed(flag) {
			values[path] = *f.text[flag]
		}
	}
	for flag, path := range numberFields {
		if f.set.Changed(flag) {
			values[path] = *f.number[flag]
		}
	}
	for flag, v := range map[string]struct {
		path  string
		value any
	}{"instance": {"instances", instanceIDs}, "directory": {"directories", f.directories}, "exclude": {"soft.excludes", f.excludes},
		"consistency-group": {"snapshot.consistency_group", f.group}, "catch-up": {"catch_up_seconds", int(f.catchUp / time.Second)}} {
		if f.set.Changed(flag) {
			values[v.path] = v.value
		}
	}
	if _, given := values["schedule.frequency"]; !given {
		if frequency := f.frequency(); frequency != "" {
			values["schedule.frequency"] = frequency
		}
	}
	for path, value := range values {
		if err := setField(body, path, value); err != nil {
			return err
		}
	}
	return nil
}

// frequency derives the frequency of the schedule from the flags that only one frequency has.
func (f *planFlags) frequency() string {
	switch {
	case f.set.Changed("cron"):
		return "cron"
	case f.set.Changed("day"):
		return "monthly"
	case f.set.Changed("weekday"):
		return "weekly"
	case f.set.Changed("at"):
		return "daily"
	}
	return ""
}

// planCreate takes the settings from a file, from flags, or from both.
func (s *session) planCreate() *cobra.Command {
	var flags *planFlags
	cmd := s.run("create [FILE]", "Create a backup plan", cobra.MaximumNArgs(1),
		func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
			object := map[string]any{}
			if len(args) == 1 {
				if err := readObject(args[0], &object); err != nil {
					return err
				}
			}
			ids := make([]string, len(flags.instances))
			for i, name := range flags.instances {
				found, err := findInstance(ctx, c, name)
				if err != nil {
					return err
				}
				ids[i] = found.ID
			}
			if err := flags.apply(object, ids); err != nil {
				return err
			}
			body, err := decodePlan(object)
			if err != nil {
				return err
			}
			p, err := c.CreateBackupPlan(ctx, body)
			if err != nil {
				return err
			}
			id, next := value(p.ID), nextRun(p)
			if s.output != "table" {
				return s.print(out, p, func(t *table) {
					t.kind, t.header = "backup-plan", []string{"ID", "NAME", "NEXT"}
					t.add(id, id, p.Name, next)
				})
			}
			return printLine(out, "backup plan %s created: %s, next run %s", p.Name, id, next)
		})
	flags = newPlanFlags(cmd.Flags())
	return cmd
}

// decodePlan converts a JSON object to a plan. It rejects fields that a plan does not have, and an object without a required
// field, which would be sent with its zero value: an empty time zone is UTC.
func decodePlan(object map[string]any) (sdk.BackupPlan, error) {
	var p sdk.BackupPlan
	raw, err := json.Marshal(object)
	if err != nil {
		return p, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("the backup plan is invalid: %w", err)
	}
	sent, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	var fields map[string]any
	if err := json.Unmarshal(sent, &fields); err != nil {
		return p, err
	}
	if missing := missingFields(fields, object, ""); len(missing) > 0 {
		return p, fmt.Errorf("the backup plan is incomplete: %s missing", strings.Join(missing, ", "))
	}
	return p, nil
}

// missingFields returns the paths of the fields that would be sent and were not given.
func missingFields(sent, given map[string]any, path string) []string {
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		inner, object := sent[name].(map[string]any)
		innerGiven, _ := given[name].(map[string]any)
		switch {
		case object:
			missing = append(missing, missingFields(inner, innerGiven, path+name+".")...)
		case given[name] == nil:
			missing = append(missing, path+name)
		}
	}
	return missing
}

// readObject reads a JSON object from a file, or from standard input when the name is "-".
func readObject(name string, into *map[string]any) error {
	file := os.Stdin
	if name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return err
		}
		defer opened.Close() //nolint:errcheck // the file is only read
		file = opened
	}
	raw, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s is not a JSON object: %w", name, err)
	}
	return nil
}
