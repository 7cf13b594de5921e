package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func (s *Server) backupRoutes(api huma.API) {
	tags := []string{"Backups"}
	work := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: tags, Summary: summary,
			DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound, http.StatusConflict}}
	}
	handle(api, identity.Viewer, huma.Operation{OperationID: "listBackups", Method: http.MethodGet, Path: "/backups", Tags: tags,
		Summary: "List backups, newest first"}, s.listBackups)
	handle(api, identity.Viewer, huma.Operation{OperationID: "getBackup", Method: http.MethodGet, Path: "/backups/{id}", Tags: tags,
		Summary: "Get a backup", Errors: []int{http.StatusNotFound}}, s.getBackup)
	handle(api, identity.Operator, huma.Operation{OperationID: "holdBackup", Method: http.MethodPut, Path: "/backups/{id}/hold", Tags: tags,
		Summary: "Hold a backup, or release it", Errors: []int{http.StatusNotFound}}, s.holdBackup)
	handle(api, identity.Operator, work("verifyBackup", http.MethodPost, "/backups/{id}/verify", "Verify a backup"), s.verifyBackup)
	handle(api, identity.Operator, work("deleteBackup", http.MethodDelete, "/backups/{id}", "Delete a backup"), s.deleteBackup)
	handle(api, identity.Viewer, huma.Operation{OperationID: "listBackupFiles", Method: http.MethodGet, Path: "/backups/{id}/files", Tags: tags,
		Summary: "List files in a backup", Errors: []int{http.StatusNotFound}}, s.backupFiles)
	handle(api, identity.Viewer, huma.Operation{OperationID: "listRestorePoints", Method: http.MethodGet, Path: "/instances/{id}/restore-points", Tags: tags,
		Summary: "List restore points of an instance, newest first", Errors: []int{http.StatusNotFound}}, s.restorePoints)
	handle(api, identity.Operator, work("restoreInstance", http.MethodPost, "/instances/{id}/restore", "Restore an instance to a backup"), s.restoreInstance)
}

// BackupList is one page of backups.
type BackupList struct {
	Items         []backup.Backup `json:"items"`
	NextPageToken string          `json:"next_page_token"`
}

type listBackups struct {
	Instance  string        `query:"instance" maxLength:"64"`
	Plan      string        `query:"plan" maxLength:"64"`
	Method    backup.Method `query:"method" enum:"snapshot,soft"`
	PageSize  int           `query:"page_size" minimum:"1" maximum:"500" default:"50"`
	PageToken string        `query:"page_token" maxLength:"512"`
}

func (s *Server) listBackups(ctx context.Context, in *listBackups) (*struct{ Body BackupList }, error) {
	all, err := s.Backups.List(ctx)
	if err != nil {
		return nil, err
	}
	after, err := afterName(in.PageToken)
	if err != nil {
		return nil, err
	}
	page := BackupList{Items: []backup.Backup{}}
	for _, b := range all {
		switch {
		case in.Instance != "" && b.Instance != in.Instance, in.Plan != "" && b.Plan != in.Plan, in.Method != "" && b.Method != in.Method:
			continue
		case in.PageToken != "" && !olderThan(after, b):
			continue
		case len(page.Items) == in.PageSize:
			last := page.Items[len(page.Items)-1]
			page.NextPageToken = nameToken{last.CreatedAt.UTC().Format(time.RFC3339Nano), last.ID}.String()
			return &struct{ Body BackupList }{page}, nil
		}
		page.Items = append(page.Items, localizedBackup(ctx, b))
	}
	return &struct{ Body BackupList }{page}, nil
}

// olderThan reports whether b comes after the last backup of the previous page.
func olderThan(last nameToken, b backup.Backup) bool {
	at, err := time.Parse(time.RFC3339Nano, last.Name)
	return err == nil && (b.CreatedAt.Before(at) || b.CreatedAt.Equal(at) && b.ID > last.ID)
}

// BackupPath names the backup of a request.
type BackupPath struct {
	ID string `path:"id" maxLength:"160" pattern:"^[sf]-[0-9a-zA-Z.-]+$"`
}

type backupResponse struct{ Body backup.Backup }

func (s *Server) getBackup(ctx context.Context, in *BackupPath) (*backupResponse, error) {
	b, err := s.Backups.Get(ctx, in.ID)
	return &backupResponse{localizedBackup(ctx, b)}, err
}

// localizedBackup returns the backup with its texts in the language of the reader.
func localizedBackup(ctx context.Context, b backup.Backup) backup.Backup {
	b.VerifyDetail = b.VerifyDetail.Localized(i18n.Language(ctx))
	return b
}

// HoldBackupRequest sets or releases the hold of a backup.
type HoldBackupRequest struct {
	Held bool `json:"held"`
}

func (s *Server) holdBackup(ctx context.Context, in *struct {
	BackupPath
	Body HoldBackupRequest
}) (*backupResponse, error) {
	b, err := s.Backups.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.Backups.Hold(ctx, b, in.Body.Held); err != nil {
		return nil, err
	}
	r := s.newRecord(callerOf(ctx), "backup.hold", string(operation.Succeeded), i18n.Message{})
	r.Targets = []operation.Target{b.Target()}
	r.Changes = []operation.Change{{Field: "held", Old: boolText(b.Held), New: boolText(in.Body.Held)}}
	b.Held = in.Body.Held
	return &backupResponse{localizedBackup(ctx, b)}, s.Audit.Append(ctx, r)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// VerifyBackupRequest selects how a backup is verified.
type VerifyBackupRequest struct {
	RestoreTest bool `json:"restore_test,omitempty" doc:"file backups only: restore to a scratch directory of the instance and compare"`
}

func (s *Server) verifyBackup(ctx context.Context, in *struct {
	BackupPath
	IdempotencyHeader
	Body *VerifyBackupRequest
}) (*Accepted, error) {
	b, err := s.Backups.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, in.IdempotencyHeader, "backup.verify", workflows.VerifyBackupInput{Backup: b, RestoreTest: orEmpty(in.Body).RestoreTest}, in.ID, b.Target())
}

func (s *Server) deleteBackup(ctx context.Context, in *struct {
	BackupPath
	IdempotencyHeader
}) (*Accepted, error) {
	b, err := s.Backups.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if b.Held {
		return nil, fault.New(fault.Conflict, nil, "the backup is held: release it first")
	}
	if b.Engine == backup.Duplicity {
		all, err := s.Backups.List(ctx)
		if err != nil {
			return nil, err
		}
		if backup.RequiredByChain(all, func(other backup.Backup) bool { return other.ID == b.ID })[b.ID] {
			return nil, fault.New(fault.Conflict, nil, "later backups build on this one: delete them first, the newest first")
		}
	}
	return s.start(ctx, in.IdempotencyHeader, "backup.prune", workflows.PruneBackupsInput{Backups: []string{b.ID}}, in.ID, b.Target())
}

// deleteBackupsOf starts a task that deletes all backups of a plan. It returns the task's URL, or "" if the plan has no
// backups.
func (s *Server) deleteBackupsOf(ctx context.Context, p backup.Plan) (string, error) {
	all, err := s.Backups.List(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, b := range all {
		if b.Plan == p.ID && !b.Held {
			ids = append(ids, b.ID)
		}
	}
	if len(ids) == 0 {
		return "", nil
	}
	response, err := s.start(ctx, IdempotencyHeader{}, "backup.prune", workflows.PruneBackupsInput{Backups: ids}, p.ID, p.Target())
	if err != nil {
		return "", err
	}
	return response.Location, nil
}

func (s *Server) restorePoints(ctx context.Context, in *InstancePath) (*struct{ Body BackupList }, error) {
	all, err := s.Backups.List(ctx)
	if err != nil {
		return nil, err
	}
	out := BackupList{Items: slices.DeleteFunc(all, func(b backup.Backup) bool { return b.Instance != in.ID })}
	if len(out.Items) == 0 { // a deleted instance can have restore points; without any, the instance must exist
		if _, err := s.Instances.Get(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	for i, b := range out.Items {
		out.Items[i] = localizedBackup(ctx, b)
	}
	return &struct{ Body BackupList }{out}, nil
}

// BackupFiles is one page of the files in a backup.
type BackupFiles struct {
	Items         []backup.FileEntry `json:"items"`
	NextPageToken string             `json:"next_page_token"`
}

func (s *Server) backupFiles(ctx context.Context, in *struct {
	BackupPath
	Path      string `query:"path" maxLength:"4096" default:"/"`
	Query     string `query:"q" maxLength:"255" doc:"part of a file name to find below path"`
	PageSize  int    `query:"page_size" minimum:"1" maximum:"500" default:"200"`
	PageToken string `query:"page_token" maxLength:"32" pattern:"^[0-9]*$"`
}) (*struct{ Body BackupFiles }, error) {
	page, err := s.Backups.Files(ctx, in.ID, in.Path, in.Query, in.PageSize, in.PageToken)
	return &struct{ Body BackupFiles }{BackupFiles{Items: emptyIfNil(page.Items), NextPageToken: page.Next}}, err
}

// addBackups sets the number of backups and the time of the last one for each instance, with one list request.
func (s *Server) addBackups(ctx context.Context, list []instance.Instance) error {
	all, err := s.Backups.List(ctx)
	if err != nil {
		return err
	}
	byInstance := map[string]*instance.Instance{}
	for i := range list {
		byInstance[list[i].ID] = &list[i]
	}
	for _, b := range all {
		i := byInstance[b.Instance]
		if i == nil {
			continue
		}
		i.RestorePoints++
		if !b.PreRestore && (i.LastBackupAt == nil || i.LastBackupAt.Before(b.CreatedAt)) {
			i.LastBackupAt = &b.CreatedAt
		}
	}
	return nil
}
