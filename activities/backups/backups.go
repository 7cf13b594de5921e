// Package backups holds the activities that look at all backups, wherever they lie.
package backups

import (
	"context"
	"slices"

	"mycloudmanager/internal/backup"
)

// Activities looks at backups.
type Activities struct{ Reader *backup.Reader }

// ChooseInput says which backups are to go: those that the plan does not keep, or those that are named.
type ChooseInput struct {
	Plan    backup.Plan
	Backups []string
}

// Doomed are backups that are to go, by where they lie.
type Doomed struct {
	Images []string
	Names  []string // for the task's reader
	Kept   int
}

// ChooseBackups says what is to be deleted now. It is a read.
func (a *Activities) ChooseBackups(ctx context.Context, in ChooseInput) (Doomed, error) {
	all, err := a.Reader.List(ctx)
	if err != nil {
		return Doomed{}, err
	}
	d := Doomed{Names: []string{}}
	doomed, err := choose(all, in)
	for _, b := range doomed {
		d.Images = append(d.Images, b.Image)
		d.Names = append(d.Names, b.Target().Name)
	}
	d.Kept = len(all) - len(doomed)
	return d, err
}

func choose(all []backup.Backup, in ChooseInput) ([]backup.Backup, error) {
	if len(in.Backups) > 0 {
		return slices.DeleteFunc(all, func(b backup.Backup) bool { return b.Held || !slices.Contains(in.Backups, b.ID) }), nil
	}
	verdicts, err := in.Plan.Judge(all)
	var out []backup.Backup
	for _, v := range verdicts {
		if !v.Keep {
			out = append(out, v.Backup)
		}
	}
	return out, err
}
