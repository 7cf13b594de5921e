package api

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/workflows"
)

// RestoreRequest selects the backup and the target of a restore.
type RestoreRequest struct {
	BackupID      string   `json:"backup_id" maxLength:"160"`
	Paths         []string `json:"paths,omitempty" maxItems:"1000" doc:"file backups only: files and directories to restore; default: all"`
	Target        string   `json:"target,omitempty" maxLength:"1024" default:"/restore" doc:"file backups only: directory on the instance"`
	Confirm       string   `json:"confirm,omitempty" maxLength:"255" doc:"the instance's name; not needed with new_server_name, which replaces nothing"`
	NewServerName string   `json:"new_server_name,omitempty" maxLength:"255" doc:"snapshots only: restore as a new server of this name; the instance is left unchanged and may be deleted"`
	Flavor        string   `json:"flavor,omitempty" maxLength:"255" doc:"flavor of the new server, by name or ID; default: that of the instance"`
	Networks      []string `json:"networks,omitempty" maxItems:"30" doc:"networks of the new server, by name or ID; default: those of the instance"`
}

func (s *Server) restoreInstance(ctx context.Context, in *struct {
	InstancePath
	IdempotencyHeader
	Body RestoreRequest
}) (*Accepted, error) {
	i, b, err := s.restoreOf(ctx, in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	input := workflows.RestoreInstanceInput{Backup: b, Instance: i.ID, Paths: in.Body.Paths, Target: in.Body.Target, NewServerName: in.Body.NewServerName,
		Flavor: in.Body.Flavor, Networks: in.Body.Networks}
	return s.start(ctx, in.IdempotencyHeader, "instance.restore", input, in.Body, instanceTarget(i.ID, i.Name), b.Target())
}

// restoreOf returns the instance and the backup of the request. A deleted instance is described by its backup, and can
// only be restored as a new server.
func (s *Server) restoreOf(ctx context.Context, id string, in RestoreRequest) (instance.Instance, backup.Backup, error) {
	all, err := s.Instances.List(ctx)
	if err != nil {
		return instance.Instance{}, backup.Backup{}, err
	}
	b, missing := s.Backups.Get(ctx, in.BackupID)
	if missing != nil && fault.KindOf(missing) != fault.NotFound {
		return instance.Instance{}, b, missing
	}
	at := slices.IndexFunc(all, hasID(id))
	if at < 0 {
		if missing != nil || b.Method != backup.Snapshot || b.Instance != id {
			return instance.Instance{}, b, fault.New(fault.NotFound, nil, "there is no such instance")
		}
		return instance.Instance{ID: id, Name: b.InstanceName}, b, newServerOf(all, b, in, true)
	}
	i := all[at]
	switch {
	case missing != nil:
		return i, b, fault.InvalidField("backup_id", "there is no such backup")
	case b.Method == backup.Snapshot && b.Instance != i.ID:
		return i, b, fault.InvalidField("backup_id", "the snapshot belongs to another instance")
	case in.NewServerName != "":
		return i, b, newServerOf(all, b, in, false)
	}
	return i, b, inPlace(i, b, in)
}

// inPlace rejects requests that cannot be restored to the instance itself.
func inPlace(i instance.Instance, b backup.Backup, in RestoreRequest) error {
	switch {
	case b.Method == backup.Snapshot && i.Image == "":
		return fault.InvalidField("new_server_name", "%s boots from a volume and cannot be restored in place: name a new server", i.Name)
	case in.Flavor != "":
		return fault.InvalidField("flavor", "another flavor requires new_server_name")
	case len(in.Networks) > 0:
		return fault.InvalidField("networks", "other networks require new_server_name")
	case in.Confirm != i.Name && in.Confirm != i.ID:
		return fault.InvalidField("confirm", "type the instance's name, %s", i.Name)
	case b.Method == backup.Snapshot && len(in.Paths) > 0:
		return fault.InvalidField("paths", "a snapshot is restored as a whole")
	case b.Method == backup.FileLevel && !i.Enrolled:
		return fault.New(fault.Conflict, nil, "%s is not enrolled: enroll it first", i.Name)
	case in.Target != "" && !strings.HasPrefix(in.Target, "/"):
		return fault.InvalidField("target", "%q is not an absolute path", in.Target)
	}
	return nil
}

// newServerOf rejects requests that cannot be restored as a new server.
func newServerOf(all []instance.Instance, b backup.Backup, in RestoreRequest, deleted bool) error {
	unknown := deleted && b.Server == nil
	switch {
	case in.NewServerName == "":
		return fault.InvalidField("new_server_name", "%s no longer exists: name a new server", b.InstanceName)
	case b.Method != backup.Snapshot:
		return fault.InvalidField("new_server_name",
			"a file backup is restored to a running instance: only a snapshot can be restored as a new server")
	case strings.TrimSpace(in.NewServerName) != in.NewServerName || strings.ContainsFunc(in.NewServerName, unicode.IsControl):
		return fault.InvalidField("new_server_name", "invalid server name %q", in.NewServerName)
	case slices.ContainsFunc(all, func(i instance.Instance) bool { return i.Name == in.NewServerName }):
		return fault.InvalidField("new_server_name", "an instance named %s already exists", in.NewServerName)
	case len(in.Paths) > 0:
		return fault.InvalidField("paths", "a snapshot is restored as a whole")
	case unknown && in.Flavor == "":
		return fault.InvalidField("flavor", "the instance no longer exists and its backup records no flavor: choose one")
	case unknown && len(in.Networks) == 0:
		return fault.InvalidField("networks", "the instance no longer exists and its backup records no networks: choose them")
	}
	return nil
}
