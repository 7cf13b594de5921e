package backup_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
)

func TestPlan_Validate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*backup.Plan)
		field  string // "" for a valid plan
	}{
		"valid":                         {func(*backup.Plan) {}, ""},
		"blank name":                    {func(p *backup.Plan) { p.Name = " \t" }, "name"},
		"unknown frequency":             {func(p *backup.Plan) { p.Schedule.Frequency = "hourly" }, "schedule.frequency"},
		"no directory":                  {func(p *backup.Plan) { p.Directories = nil }, "directories"},
		"relative directory":            {func(p *backup.Plan) { p.Directories = []string{"/etc", "var"} }, "directories"},
		"empty directory":               {func(p *backup.Plan) { p.Directories = []string{""} }, "directories"},
		"directory with a line break":   {func(p *backup.Plan) { p.Directories = []string{"/etc\n/root"} }, "directories"},
		"directory with a NUL":          {func(p *backup.Plan) { p.Directories = []string{"/etc\x00"} }, "directories"},
		"pattern with a line break":     {func(p *backup.Plan) { p.Soft.Excludes = []string{"*.log", "a\nb"} }, "soft.excludes"},
		"group of file backups":         {func(p *backup.Plan) { p.Snapshot.ConsistencyGroup = true }, "snapshot.consistency_group"},
		"group of snapshots":            {func(p *backup.Plan) { p.Method, p.Snapshot.ConsistencyGroup = backup.Snapshot, true }, ""},
		"snapshots without a directory": {func(p *backup.Plan) { p.Method, p.Directories = backup.Snapshot, nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := backup.Plan{Name: "nightly", Method: backup.FileLevel, Directories: []string{"/etc"},
				Schedule: backup.Schedule{Frequency: backup.Daily, Time: "03:00", TimeZone: "Europe/Paris"}}
			c.change(&p)
			err := p.Validate()
			if c.field == "" {
				require.NoError(t, err)
				return
			}
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, fault.Invalid, f.Kind)
			require.Len(t, f.Fields, 1)
			require.Equal(t, c.field, f.Fields[0].Field)
		})
	}
}
