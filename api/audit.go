package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/platform/i18n"
)

func (s *Server) auditRoutes(api huma.API) {
	tags := []string{"Audit"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "listAudit", Method: http.MethodGet, Path: "/audit", Tags: tags,
		Summary: "List audit records, newest first"}, s.listAudit)
	handle(api, identity.Viewer, huma.Operation{OperationID: "exportAudit", Method: http.MethodGet, Path: "/audit/export", Tags: tags,
		Summary: "Export the audit log"}, s.exportAudit)
}

// AuditQuery filters audit records.
type AuditQuery struct {
	Actor     string    `query:"actor" maxLength:"255"`
	Operation string    `query:"operation" maxLength:"64"`
	Target    string    `query:"target" maxLength:"255"`
	Outcome   string    `query:"outcome" enum:"started,succeeded,failed,partially_failed,cancelled,timed_out,refused"`
	Via       string    `query:"via" enum:"ui,api,schedule,cli"`
	Since     time.Time `query:"since"`
	Until     time.Time `query:"until"`
	Query     string    `query:"q" maxLength:"255" doc:"words to find anywhere in the record"`
}

func (q AuditQuery) filter() audit.Filter {
	return audit.Filter{Actor: q.Actor, Operation: q.Operation, Target: q.Target, Outcome: q.Outcome, Via: q.Via, Query: q.Query, Since: q.Since, Until: q.Until}
}

// AuditPage is one page of audit records.
type AuditPage struct {
	Items         []audit.Record `json:"items"`
	NextPageToken string         `json:"next_page_token"`
}

func (s *Server) listAudit(ctx context.Context, in *struct {
	AuditQuery
	PageSize  int    `query:"page_size" minimum:"1" maximum:"500" default:"50"`
	PageToken string `query:"page_token" maxLength:"64"`
}) (*struct{ Body AuditPage }, error) {
	f := in.filter()
	f.PageSize = in.PageSize
	if in.PageToken != "" {
		before, err := strconv.ParseInt(in.PageToken, 10, 64)
		if err != nil || before < 1 {
			return nil, fault.InvalidField("page_token", "invalid page token")
		}
		f.Before = before
	}
	list, err := s.Audit.List(ctx, f)
	if err != nil {
		return nil, err
	}
	page := AuditPage{Items: s.localize(ctx, list)}
	if len(list) == in.PageSize {
		page.NextPageToken = strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return &struct{ Body AuditPage }{page}, nil
}

// localize translates the titles and details of records into the reader's language.
func (s *Server) localize(ctx context.Context, list []audit.Record) []audit.Record {
	for i := range list {
		list[i].Title, list[i].Detail = s.titleOf(ctx, list[i]), list[i].Detail.Localized(i18n.Language(ctx))
	}
	return list
}

func (s *Server) titleOf(ctx context.Context, r audit.Record) string {
	if op, ok := s.Operations[r.Operation]; ok {
		return op.TitleOf(i18n.Language(ctx), r.Targets)
	}
	if t, ok := eventTitles[r.Operation]; ok {
		return t.In(i18n.Language(ctx))
	}
	return r.Operation
}

// eventTitles has the titles of audited events that are not tasks.
var eventTitles = map[string]i18n.Text{
	"session.open": {En: "Sign in", Fr: "Connexion"},
	"audit.export": {En: "Export the audit", Fr: "Exporter l'audit"},
	"task.cancel":  {En: "Cancel a task", Fr: "Annuler une tâche"},
	"task.retry":   {En: "Retry a task", Fr: "Relancer une tâche"},
}

func (s *Server) exportAudit(ctx context.Context, in *struct {
	AuditQuery
	Format string `query:"format" enum:"xlsx,csv,jsonl" required:"true"`
}) (*huma.StreamResponse, error) {
	if err := s.record(ctx, callerOf(ctx), "audit.export", string(operation.Succeeded), i18n.Verbatim(in.Format)); err != nil {
		return nil, err
	}
	f := in.filter()
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", audit.ContentType(in.Format))
		hc.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%s.%s"`, time.Now().UTC().Format("20060102-150405"), in.Format))
		each := func(visit func(audit.Record) error) error {
			return s.Audit.Each(ctx, f, func(r audit.Record) error {
				r.Title, r.Detail = s.titleOf(ctx, r), r.Detail.Localized(i18n.Language(ctx))
				return visit(r)
			})
		}
		if err := audit.Export(hc.BodyWriter(), in.Format, i18n.Language(ctx), each); err != nil {
			slog.Error("audit export aborted", "err", err)
			panic(http.ErrAbortHandler) // aborts the connection, so that a truncated file is not taken for a complete one
		}
	}}, nil
}
