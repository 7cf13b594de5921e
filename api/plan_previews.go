package api

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// SchedulePreview lists the next runs of a schedule.
type SchedulePreview struct {
	NextRuns    []time.Time         `json:"next_runs"`
	Occurrences []backup.Occurrence `json:"occurrences"`
}

func (s *Server) previewPlan(_ context.Context, in *struct {
	Body struct {
		Schedule backup.Schedule `json:"schedule"`
	}
}) (*struct{ Body SchedulePreview }, error) {
	next, err := in.Body.Schedule.Next(time.Now(), upcoming)
	if err != nil {
		return nil, err
	}
	out := SchedulePreview{NextRuns: []time.Time{}, Occurrences: next}
	for _, o := range next {
		out.NextRuns = append(out.NextRuns, o.At)
	}
	return &struct{ Body SchedulePreview }{out}, nil
}

// RetentionPreview lists which backups of a plan are kept and which are deleted.
type RetentionPreview struct {
	Items []backup.RetentionDecision `json:"items"`
}

func (s *Server) previewRetention(ctx context.Context, in *PlanPath) (*struct{ Body RetentionPreview }, error) {
	p, err := s.Plans.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.Backups.List(ctx)
	if err != nil {
		return nil, err
	}
	decisions, err := p.ApplyRetention(all)
	for i := range decisions {
		decisions[i].Backup = localizedBackup(ctx, decisions[i].Backup)
	}
	return &struct{ Body RetentionPreview }{RetentionPreview{Items: decisions}}, err
}

func hasID(id string) func(instance.Instance) bool {
	return func(i instance.Instance) bool { return i.ID == id }
}

// recordPlan audits a change of a plan.
func (s *Server) recordPlan(ctx context.Context, op string, p backup.Plan, changes []operation.Change) error {
	r := s.newRecord(callerOf(ctx), op, string(operation.Succeeded), i18n.Verbatim(p.Name))
	r.Targets, r.Changes = []operation.Target{p.Target()}, changes
	return s.Audit.Append(ctx, r)
}

// planChanges returns the settings that differ.
func planChanges(before, after backup.Plan) []operation.Change {
	old, now := fieldsOf(before), fieldsOf(after)
	var names []string
	for name := range now {
		if string(old[name]) != string(now[name]) && !slices.Contains([]string{"author", "role", "project", "created_at"}, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var changes []operation.Change
	for _, name := range names {
		changes = append(changes, operation.Change{Field: name, Old: string(old[name]), New: string(now[name])})
	}
	return changes
}

func fieldsOf(p backup.Plan) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	raw, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		return nil
	}
	return fields
}
