package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func (s *Server) planRoutes(api huma.API) {
	tags := []string{"Backup plans"}
	op := func(id, method, path, summary string, status int, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/backup-plans" + path, Tags: tags, Summary: summary,
			DefaultStatus: status, Errors: errors}
	}
	const notFound, precondition, conflict = http.StatusNotFound, http.StatusPreconditionFailed, http.StatusConflict
	handle(api, identity.Viewer, op("listBackupPlans", http.MethodGet, "", "List backup plans in order of creation", 200), s.listPlans)
	handle(api, identity.Operator, op("createBackupPlan", http.MethodPost, "", "Create a backup plan", 201), s.createPlan)
	handle(api, identity.Viewer, op("previewBackupPlan", http.MethodPost, "/preview",
		"Preview the next runs of a schedule (dry run)", 200), s.previewPlan)
	handle(api, identity.Viewer, op("getBackupPlan", http.MethodGet, "/{id}", "Get a backup plan", 200, notFound), s.getPlan)
	handle(api, identity.Operator, op("replaceBackupPlan", http.MethodPut, "/{id}", "Replace a backup plan",
		200, notFound, precondition), s.replacePlan)
	handle(api, identity.Operator, op("deleteBackupPlan", http.MethodDelete, "/{id}",
		"Delete a backup plan, and its backups on request", 204, notFound), s.deletePlan)
	handle(api, identity.Operator, op("runBackupPlan", http.MethodPost, "/{id}/run", "Run a plan now", 202, notFound, conflict), s.runPlan)
	handle(api, identity.Operator, op("pauseBackupPlan", http.MethodPost, "/{id}/pause", "Pause a plan", 200, notFound), s.pausePlan)
	handle(api, identity.Operator, op("resumeBackupPlan", http.MethodPost, "/{id}/resume", "Resume a plan", 200, notFound), s.resumePlan)
	handle(api, identity.Viewer, op("listBackupPlanRuns", http.MethodGet, "/{id}/runs",
		"List a plan's runs, newest first", 200, notFound), s.planRuns)
	handle(api, identity.Viewer, op("previewRetention", http.MethodGet, "/{id}/retention",
		"Preview which backups of a plan the next run deletes", 200, notFound), s.previewRetention)
}

// PlanSettings holds the user-defined fields of a backup plan.
type PlanSettings struct {
	Name        string                 `json:"name" minLength:"1" maxLength:"100"`
	Instances   []string               `json:"instances" minItems:"1" maxItems:"500" uniqueItems:"true"`
	Method      backup.Method          `json:"method" enum:"snapshot,soft"`
	Directories []string               `json:"directories" required:"false" maxItems:"100" doc:"absolute paths; for the method soft only"`
	Soft        backup.FileOptions     `json:"soft,omitempty"`     //nolint:modernize // optional in requests, always present in responses
	Snapshot    backup.SnapshotOptions `json:"snapshot,omitempty"` //nolint:modernize // optional in requests, always present in responses
	Schedule    backup.Schedule        `json:"schedule"`
	CatchUp     int                    `json:"catch_up_seconds,omitempty" minimum:"0" maximum:"2592000" default:"3600" doc:"maximum delay of a run that was due while the manager was down"`
	Retention   backup.Retention       `json:"retention,omitempty"` //nolint:modernize // optional in requests, always present in responses
}

// BackupPlan is a plan and its status. PUT accepts the body of GET and ignores read-only fields.
type BackupPlan struct {
	ID string `json:"id" readOnly:"true"`
	PlanSettings
	Paused             bool                     `json:"paused" readOnly:"true"`
	Note               string                   `json:"note" readOnly:"true" doc:"reason for the pause"`
	NextRuns           []time.Time              `json:"next_runs" readOnly:"true" doc:"the next ten; empty while the plan is paused"`
	Occurrences        []backup.Occurrence      `json:"occurrences" readOnly:"true" doc:"next_runs in the plan's time zone, with the reason if a run is not at its usual time"`
	LastRun            *PlanRun                 `json:"last_run,omitempty" readOnly:"true" doc:"absent if the plan has never run"`
	MissedRuns         int                      `json:"missed_runs" readOnly:"true" doc:"runs that were due while the manager was down and exceeded catch_up_seconds"`
	OverlapSkippedRuns int                      `json:"overlap_skipped_runs" readOnly:"true" doc:"runs skipped because the previous one was still running"`
	OverdueSince       *time.Time               `json:"overdue_since,omitempty" readOnly:"true" doc:"when the plan became overdue: the second consecutive due time without a good backup; absent otherwise"`
	OverdueInstances   []backup.OverdueInstance `json:"overdue_instances,omitempty" readOnly:"true" doc:"instances without a recent good backup"`
	CreatedAt          time.Time                `json:"created_at" readOnly:"true"`
	CreatedBy          operation.Actor          `json:"created_by" readOnly:"true"`
	ETag               string                   `json:"etag" readOnly:"true"`
}

// PlanRun is one run of a plan.
type PlanRun struct {
	Task      string           `json:"task" doc:"task ID"`
	Status    operation.Status `json:"status" enum:"queued,running,blocked,cancelling,succeeded,failed,partially_failed,cancelled,timed_out"`
	StartedAt time.Time        `json:"started_at"`
}

// PlanPath names the plan of a request.
type PlanPath struct {
	ID string `path:"id" maxLength:"64" pattern:"^[0-9a-f-]+$"`
}

type planResponse struct {
	ETag string `header:"ETag"`
	Body BackupPlan
}

const upcoming = 10

// toBackupPlan converts a plan for the API. If good is nil, the overdue fields stay empty.
func (s *Server) toBackupPlan(p backup.PlanStatus, last *PlanRun, good backup.LastGoodBackups,
	observed map[string]backup.PlanObservation) (BackupPlan, error) {
	out := BackupPlan{ID: p.ID, PlanSettings: PlanSettings{Name: p.Name, Instances: p.Instances, Method: p.Method, Directories: emptyIfNil(p.Directories), Soft: p.Soft, Snapshot: p.Snapshot,
		Schedule: p.Schedule, CatchUp: p.CatchUp, Retention: p.Retention}, Paused: p.Paused, Note: p.Note, LastRun: last, MissedRuns: p.Missed, OverlapSkippedRuns: p.OverlapSkipped,
		CreatedAt: p.CreatedAt, CreatedBy: p.Author, ETag: p.ETag, NextRuns: []time.Time{}, Occurrences: []backup.Occurrence{}}
	if o, ok := observed[p.ID]; ok {
		out.MissedRuns = o.Missed
	}
	if p.Paused {
		return out, nil
	}
	if good != nil {
		overdue, err := p.Overdue(good, last != nil && !last.Status.Closed(), time.Now())
		if err != nil {
			return out, err
		}
		if len(overdue) > 0 {
			out.OverdueSince, out.OverdueInstances = &overdue[0].Since, overdue
		}
	}
	next, err := p.Schedule.Next(time.Now(), upcoming)
	for _, o := range next {
		out.NextRuns, out.Occurrences = append(out.NextRuns, o.At), append(out.Occurrences, o)
	}
	return out, err
}

// lastGoodBackups returns the newest good backups, or nil if the cloud does not respond: plans are shown without it.
func (s *Server) lastGoodBackups(ctx context.Context) backup.LastGoodBackups {
	all, err := s.Backups.List(ctx)
	if err != nil {
		slog.Warn("cannot determine overdue plans", "err", err)
		return nil
	}
	return backup.LastGoodOf(all)
}

func (s *Server) planResponse(ctx context.Context, p backup.PlanStatus, good backup.LastGoodBackups, err error) (*planResponse, error) {
	if err != nil {
		if _, precondition := errors.AsType[*backup.ErrPreconditionFailed](err); precondition {
			return nil, newProblem(http.StatusPreconditionFailed, i18n.Messagef("the plan has changed since you read it: read it again"))
		}
		return nil, err
	}
	runs, err := s.lastRuns(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	observed, err := s.Plans.Observation(ctx)
	if err != nil {
		return nil, err
	}
	shown, err := s.toBackupPlan(p, runs[p.ID], good, observed)
	return &planResponse{ETag: shown.ETag, Body: shown}, err
}

// lastRuns returns the newest run of each plan with one query; plan "" selects all plans.
func (s *Server) lastRuns(ctx context.Context, plan string) (map[string]*PlanRun, error) {
	f := task.Filter{Operation: "backup.run", PageSize: 500}
	if plan != "" {
		f.Target, f.PageSize = backup.PlanKind+":"+plan, 1
	}
	page, err := s.Tasks.List(ctx, f)
	out := map[string]*PlanRun{}
	for _, t := range page.Items {
		if len(t.Targets) == 0 {
			continue
		}
		id := t.Targets[0].ID
		if before := out[id]; before == nil || before.StartedAt.Before(t.StartedAt) {
			out[id] = &PlanRun{Task: t.ID, Status: t.Status, StartedAt: t.StartedAt}
		}
	}
	return out, err
}

// BackupPlans is one page of plans.
type BackupPlans struct {
	Items         []BackupPlan `json:"items"`
	NextPageToken string       `json:"next_page_token"`
}

func (s *Server) listPlans(ctx context.Context, in *struct {
	PageSize  int    `query:"page_size" minimum:"1" maximum:"500" default:"50"`
	PageToken string `query:"page_token" maxLength:"64" pattern:"^[0-9a-f-]*$"`
}) (*struct{ Body BackupPlans }, error) {
	list, more, err := s.Plans.List(ctx, in.PageToken, in.PageSize)
	if err != nil {
		return nil, err
	}
	runs, err := s.lastRuns(ctx, "")
	if err != nil {
		return nil, err
	}
	observed, err := s.Plans.Observation(ctx)
	if err != nil {
		return nil, err
	}
	page, good := BackupPlans{Items: []BackupPlan{}}, s.lastGoodBackups(ctx)
	for _, p := range list {
		shown, err := s.toBackupPlan(p, runs[p.ID], good, observed)
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, shown)
	}
	if more {
		page.NextPageToken = list[len(list)-1].ID
	}
	return &struct{ Body BackupPlans }{page}, nil
}

func (s *Server) getPlan(ctx context.Context, in *PlanPath) (*planResponse, error) {
	p, err := s.Plans.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.planResponse(ctx, p, s.lastGoodBackups(ctx), nil)
}

func (s *Server) createPlan(ctx context.Context, in *struct{ Body BackupPlan }) (*planResponse, error) {
	id, err := uuid.NewV7() // sorts by creation time
	if err != nil {
		return nil, err
	}
	requested := planOf(ctx, id.String(), in.Body.PlanSettings)
	if err := s.checkPlan(ctx, requested); err != nil {
		return nil, err
	}
	p, err := s.Plans.Create(ctx, requested)
	if err != nil {
		return nil, err
	}
	if err := s.recordPlan(ctx, "plan.create", p.Plan, nil); err != nil {
		return nil, err
	}
	return s.planResponse(ctx, p, nil, nil)
}

func planOf(ctx context.Context, id string, in PlanSettings) backup.Plan {
	who := callerOf(ctx)
	return backup.Plan{ID: id, Name: strings.TrimSpace(in.Name), Instances: in.Instances, Method: in.Method, Directories: emptyIfNil(in.Directories), Soft: in.Soft, Snapshot: in.Snapshot,
		Schedule: in.Schedule, CatchUp: orElse(in.CatchUp, 3600), Retention: in.Retention, Author: operation.Actor{ID: who.UserID, Name: who.UserName},
		Role: string(who.Role), Project: who.ProjectID, CreatedAt: time.Now().UTC()}
}

// checkPlan rejects plans that could never run.
func (s *Server) checkPlan(ctx context.Context, p backup.Plan) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Method == backup.FileLevel {
		_, err := s.batchTargets(ctx, p.Instances)
		return err
	}
	all, err := s.Instances.List(ctx)
	if err != nil {
		return err
	}
	for _, id := range p.Instances {
		if !slices.ContainsFunc(all, hasID(id)) {
			return fault.InvalidField("instances", "there is no instance %s", id)
		}
	}
	return nil
}

func (s *Server) replacePlan(ctx context.Context, in *struct {
	PlanPath
	IfMatch string `header:"If-Match" maxLength:"128"`
	Body    BackupPlan
}) (*planResponse, error) {
	before, err := s.Plans.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	requested := planOf(ctx, in.ID, in.Body.PlanSettings)
	if err := s.checkPlan(ctx, requested); err != nil {
		return nil, err
	}
	p, err := s.Plans.Replace(ctx, requested, in.IfMatch)
	if err == nil {
		err = s.recordPlan(ctx, "plan.update", p.Plan, planChanges(before.Plan, p.Plan))
	}
	return s.planResponse(ctx, p, nil, err)
}

func (s *Server) deletePlan(ctx context.Context, in *struct {
	PlanPath
	Backups bool `query:"delete_backups" doc:"also delete the backups of the plan, as a task"`
}) (*struct {
	Location string `header:"Location"`
}, error) {
	p, err := s.Plans.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Location string `header:"Location"`
	}{}
	if in.Backups {
		task, err := s.deleteBackupsOf(ctx, p.Plan)
		if err != nil {
			return nil, err
		}
		out.Location = task
	}
	if err := s.Plans.Delete(ctx, in.ID); err != nil {
		return nil, err
	}
	return out, s.recordPlan(ctx, "plan.delete", p.Plan, nil)
}

func (s *Server) runPlan(ctx context.Context, in *struct {
	PlanPath
	IdempotencyHeader
}) (*Accepted, error) {
	p, err := s.Plans.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	targets, err := s.runTargets(ctx, p.Plan)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, in.IdempotencyHeader, "backup.run", workflows.RunBackupInput{Plan: p.Plan}, in.ID, targets...)
}

// runTargets returns the plan and its instances as targets, with their names.
func (s *Server) runTargets(ctx context.Context, p backup.Plan) ([]operation.Target, error) {
	all, err := s.Instances.List(ctx)
	if err != nil {
		return nil, err
	}
	targets := workflows.RunTargets(p)
	for i := range targets {
		if at := slices.IndexFunc(all, hasID(targets[i].ID)); at >= 0 {
			targets[i].Name = all[at].Name
		}
	}
	return targets, nil
}

// PausePlanRequest holds the reason for a pause.
type PausePlanRequest struct {
	Note string `json:"note,omitempty" maxLength:"500"`
}

func (s *Server) pausePlan(ctx context.Context, in *struct {
	PlanPath
	Body *PausePlanRequest
}) (*planResponse, error) {
	p, err := s.Plans.Pause(ctx, in.ID, orEmpty(in.Body).Note)
	if err == nil {
		err = s.recordPlan(ctx, "plan.pause", p.Plan, nil)
	}
	return s.planResponse(ctx, p, nil, err)
}

func (s *Server) resumePlan(ctx context.Context, in *PlanPath) (*planResponse, error) {
	p, err := s.Plans.Resume(ctx, in.ID)
	if err == nil {
		err = s.recordPlan(ctx, "plan.resume", p.Plan, nil)
	}
	return s.planResponse(ctx, p, nil, err)
}

func (s *Server) planRuns(ctx context.Context, in *struct {
	PlanPath
	PageSize  int    `query:"page_size" minimum:"1" maximum:"500" default:"50"`
	PageToken string `query:"page_token" maxLength:"4096"`
}) (*struct{ Body task.Page }, error) {
	if _, err := s.Plans.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	page, err := s.Tasks.List(ctx, task.Filter{Operation: "backup.run", Target: backup.PlanKind + ":" + in.ID, PageSize: in.PageSize, PageToken: in.PageToken})
	return &struct{ Body task.Page }{page}, err
}
