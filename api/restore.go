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

// RestoreRequest says what an instance is restored to.
type RestoreRequest struct {
	BackupID      string   `json:"backup_id" maxLength:"160"`
	Paths         []string `json:"paths,omitempty" maxItems:"1000" doc:"of a soft backup; none is all"`
	Target        string   `json:"target,omitempty" maxLength:"1024" default:"/restore" doc:"of a soft backup: the directory on the instance"`
	Confirm       string   `json:"confirm,omitempty" maxLength:"255" doc:"the instance's name; not asked for with beside, which replaces nothing"`
	NewServerName string   `json:"new_server_name,omitempty" maxLength:"255" doc:"of a snapshot: the name of a new server that is made of it; the instance stays as it is, or may be gone"`
	Flavor        string   `json:"flavor,omitempty" maxLength:"255" doc:"with beside: of the new server, by name or id; else as the instance's"`
	Networks      []string `json:"networks,omitempty" maxItems:"30" doc:"with beside: of the new server, by name or id; else as the instance's"`
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

// restoreOf looks at what is asked for. An instance that is gone is what its backup says of it: a snapshot of
// it becomes a new server.
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
		return i, b, fault.InvalidField("backup_id", "it is a snapshot of another instance")
	case in.NewServerName != "":
		return i, b, newServerOf(all, b, in, false)
	}
	return i, b, inPlace(i, b, in)
}

// inPlace refuses what cannot be restored onto the instance itself.
func inPlace(i instance.Instance, b backup.Backup, in RestoreRequest) error {
	switch {
	case b.Method == backup.Snapshot && i.Image == "":
		return fault.InvalidField("new_server_name", "%s boots from a volume, whose disk cannot be replaced: name a new server", i.Name)
	case in.Flavor != "":
		return fault.InvalidField("flavor", "only a new server can have another one: name it with beside")
	case len(in.Networks) > 0:
		return fault.InvalidField("networks", "only a new server can have others: name it with beside")
	case in.Confirm != i.Name && in.Confirm != i.ID:
		return fault.InvalidField("confirm", "type the instance's name, %s", i.Name)
	case b.Method == backup.Snapshot && len(in.Paths) > 0:
		return fault.InvalidField("paths", "a snapshot is restored as a whole")
	case b.Method == backup.FileLevel && !i.Enrolled:
		return fault.New(fault.Conflict, nil, "%s is not enrolled: enroll it first", i.Name)
	case in.Target != "" && !strings.HasPrefix(in.Target, "/"):
		return fault.InvalidField("target", "%q is no absolute path", in.Target)
	}
	return nil
}

// newServerOf refuses what no new server can be made of.
func newServerOf(all []instance.Instance, b backup.Backup, in RestoreRequest, gone bool) error {
	unknown := gone && b.Server == nil
	switch {
	case in.NewServerName == "":
		return fault.InvalidField("new_server_name", "%s does not exist any more: name a new server", b.InstanceName)
	case b.Method != backup.Snapshot:
		return fault.InvalidField("new_server_name", "files are restored onto an instance that runs: only a snapshot becomes a new server")
	case strings.TrimSpace(in.NewServerName) != in.NewServerName || strings.ContainsFunc(in.NewServerName, unicode.IsControl):
		return fault.InvalidField("new_server_name", "%q is no name of a server", in.NewServerName)
	case slices.ContainsFunc(all, func(i instance.Instance) bool { return i.Name == in.NewServerName }):
		return fault.InvalidField("new_server_name", "there is an instance %s already", in.NewServerName)
	case len(in.Paths) > 0:
		return fault.InvalidField("paths", "a snapshot is restored as a whole")
	case unknown && in.Flavor == "":
		return fault.InvalidField("flavor", "the instance is gone and its backup does not say its flavor: name one")
	case unknown && len(in.Networks) == 0:
		return fault.InvalidField("networks", "the instance is gone and its backup does not say its networks: name them")
	}
	return nil
}
