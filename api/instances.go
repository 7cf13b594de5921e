package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/workflows"
)

// instanceKind is the target kind of instances.
const instanceKind = "instance"

func instanceTarget(id, name string) operation.Target {
	return operation.Target{Kind: instanceKind, ID: id, Name: name}
}

func (s *Server) instanceRoutes(api huma.API) {
	tags := []string{"Instances"}
	work := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: tags, Summary: summary,
			DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusNotFound, http.StatusConflict}}
	}
	handle(api, identity.Viewer, huma.Operation{OperationID: "listInstances", Method: http.MethodGet, Path: "/instances", Tags: tags,
		Summary: "List the instances of the project, by name"}, s.listInstances)
	handle(api, identity.Viewer, huma.Operation{OperationID: "getInstance", Method: http.MethodGet, Path: "/instances/{id}", Tags: tags,
		Summary: "Get an instance", Errors: []int{http.StatusNotFound}}, s.getInstance)
	handle(api, identity.Operator, work("connectInstance", http.MethodPost, "/instances/{id}/connect", "Attach the instance's subnet to the stack's router"), s.connectInstance)
	handle(api, identity.Operator, work("unenrollInstance", http.MethodDelete, "/instances/{id}", "Unenroll an instance"), s.unenrollInstance)
	handle(api, identity.Operator, work("installAgent", http.MethodPut, "/instances/{id}/agents/{app}", "Install an app's agent on an instance"), s.installAgent)
	handle(api, identity.Operator, work("removeAgent", http.MethodDelete, "/instances/{id}/agents/{app}", "Remove an app's agent from an instance"), s.removeAgent)
	handle(api, identity.Operator, work("batchAgents", http.MethodPost, "/agents:batch", "Install, remove or check agents on many instances"), s.batchAgents)
}

// InstancePath names the instance of a request.
type InstancePath struct {
	ID string `path:"id" maxLength:"64" pattern:"^[0-9a-zA-Z-]+$"`
}

// InstanceList is one page of instances.
type InstanceList struct {
	Items         []instance.Instance `json:"items"`
	NextPageToken string              `json:"next_page_token"`
}

type listInstances struct {
	Enrolled  string `query:"enrolled" enum:"true,false,all" default:"all"`
	PageSize  int    `query:"page_size" minimum:"1" maximum:"500" default:"50"`
	PageToken string `query:"page_token" maxLength:"512"`
}

func (s *Server) listInstances(ctx context.Context, in *listInstances) (*struct{ Body InstanceList }, error) {
	read := s.Instances.List
	if in.PageToken != "" {
		read = s.Instances.ListCached
	}
	all, err := read(ctx)
	if err != nil {
		return nil, err
	}
	after, err := afterName(in.PageToken)
	if err != nil {
		return nil, err
	}
	page := InstanceList{Items: []instance.Instance{}}
	for _, i := range all {
		switch {
		case in.Enrolled == "true" && !i.Enrolled, in.Enrolled == "false" && i.Enrolled, !after.before(i.Name, i.ID):
			continue
		case len(page.Items) == in.PageSize:
			last := page.Items[len(page.Items)-1]
			page.NextPageToken = nameToken{last.Name, last.ID}.String()
		}
		if page.NextPageToken != "" {
			break
		}
		page.Items = append(page.Items, i)
	}
	if err := s.addBackups(ctx, page.Items); err != nil {
		return nil, err
	}
	return &struct{ Body InstanceList }{page}, s.addTasks(ctx, page.Items)
}

// addTasks sets the tasks that work on the instances, with one query to Temporal.
func (s *Server) addTasks(ctx context.Context, list []instance.Instance) error {
	running, err := s.Tasks.RunningByTarget(ctx, instanceKind)
	for i := range list {
		if task := running[list[i].ID]; task != "" {
			list[i].Task = taskURL(task)
		}
	}
	return err
}

func (s *Server) getInstance(ctx context.Context, in *InstancePath) (*struct{ Body instance.Instance }, error) {
	i, err := s.Instances.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list := []instance.Instance{i}
	if err := s.addBackups(ctx, list); err != nil {
		return nil, err
	}
	err = s.addTasks(ctx, list)
	return &struct{ Body instance.Instance }{list[0]}, err
}

func (s *Server) connectInstance(ctx context.Context, in *struct {
	InstancePath
	IdempotencyHeader
}) (*Accepted, error) {
	i, err := s.Instances.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	input := workflows.ConnectInstanceInput{ID: i.ID}
	for _, a := range i.Addresses {
		if a.Kind == "fixed" && (input.Address == "" || a.Address == i.Address) {
			input.Address = a.Address
		}
	}
	if input.Address == "" {
		return nil, fault.New(fault.Conflict, nil, "%s has no address in a network of the project", i.Name)
	}
	return s.start(ctx, in.IdempotencyHeader, "instance.connect", input, in.ID, instanceTarget(i.ID, i.Name))
}

func (s *Server) unenrollInstance(ctx context.Context, in *struct {
	InstancePath
	IdempotencyHeader
}) (*Accepted, error) {
	i, err := s.enrolled(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, in.IdempotencyHeader, "instance.unenroll", workflows.UnenrollInstanceInput{ID: i.ID}, in.ID, instanceTarget(i.ID, i.Name))
}

func (s *Server) enrolled(ctx context.Context, id string) (instance.Instance, error) {
	i, err := s.Instances.Get(ctx, id)
	if err == nil && !i.Enrolled {
		err = fault.New(fault.Conflict, nil, "%s is not enrolled: enroll it first", strings.TrimSpace(i.Name))
	}
	return i, err
}
