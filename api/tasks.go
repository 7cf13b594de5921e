package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/platform/i18n"
)

// Accepted is the response of every request that starts a task.
type Accepted struct {
	Location string `header:"Location"`
	Body     task.Task
}

func accepted(t task.Task, err error) (*Accepted, error) {
	if err != nil {
		return nil, err
	}
	return &Accepted{Location: taskURL(t.ID), Body: t}, nil
}

// start starts an operation for the caller. body identifies the request of an Idempotency-Key.
func (s *Server) start(ctx context.Context, once IdempotencyHeader, operation string, input, body any, targets ...operation.Target) (*Accepted, error) {
	return s.startChange(ctx, once, operation, input, body, nil, targets...)
}

// startMany starts an operation on many targets, which it locks one by one.
func (s *Server) startMany(ctx context.Context, once IdempotencyHeader, operation string, input, body any, targets []operation.Target) (*Accepted, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	id := rand.Text()
	if once.IdempotencyKey != "" { // a repeated request must find its workflow
		sum := sha256.Sum256([]byte(callerOf(ctx).UserID + " " + operation + " " + once.IdempotencyKey))
		id = hex.EncodeToString(sum[:16])
	}
	return accepted(s.Tasks.Start(ctx, task.StartRequest{Operation: s.Operations[operation], Input: input, Request: request(ctx, operation, targets...),
		Key: once.IdempotencyKey, Body: encoded, ID: "batch:" + id}))
}

// startChange starts an operation with the old and new values that the audit shows.
func (s *Server) startChange(ctx context.Context, once IdempotencyHeader, operation string, input, body any, changes []operation.Change, targets ...operation.Target) (*Accepted, error) {
	op, ok := s.Operations[operation]
	if !ok {
		return nil, fmt.Errorf("operation %s is not registered", operation)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r := request(ctx, operation, targets...)
	r.Changes = changes
	return accepted(s.Tasks.Start(ctx, task.StartRequest{Operation: op, Input: input, Request: r, Key: once.IdempotencyKey, Body: encoded}))
}

type taskPath struct {
	ID string `path:"id" maxLength:"512"`
}

type taskResponse struct{ Body task.Task }

func (s *Server) taskRoutes(api huma.API) {
	tags := []string{"Tasks"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "listTasks", Method: http.MethodGet, Path: "/tasks", Tags: tags,
		Summary: "List tasks, newest first"}, s.listTasks)
	handle(api, identity.Viewer, huma.Operation{OperationID: "getTask", Method: http.MethodGet, Path: "/tasks/{id}", Tags: tags,
		Summary: "Get a task", Errors: []int{http.StatusNotFound}}, s.getTask)
	handle(api, identity.Operator, huma.Operation{OperationID: "cancelTask", Method: http.MethodPost, Path: "/tasks/{id}/cancel", Tags: tags,
		Summary: "Cancel a task and roll it back", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusNotFound, http.StatusConflict}}, s.cancelTask)
	handle(api, identity.Operator, huma.Operation{OperationID: "retryTask", Method: http.MethodPost, Path: "/tasks/{id}/retry", Tags: tags,
		Summary: "Retry a blocked or failed task", DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusNotFound, http.StatusConflict}}, s.retryTask)
}

type listTasks struct {
	Status    string    `query:"status" enum:"queued,running,blocked,cancelling,succeeded,failed,partially_failed,cancelled,timed_out"`
	Operation string    `query:"operation" maxLength:"64"`
	Target    string    `query:"target" maxLength:"255" doc:"an ID, or <kind>:<id>"`
	Actor     string    `query:"actor" maxLength:"255" doc:"user ID or name"`
	Since     time.Time `query:"since"`
	Until     time.Time `query:"until"`
	PageSize  int       `query:"page_size" minimum:"1" maximum:"500" default:"50"`
	PageToken string    `query:"page_token" maxLength:"4096"`
}

func (s *Server) listTasks(ctx context.Context, in *listTasks) (*struct{ Body task.Page }, error) {
	page, err := s.Tasks.List(ctx, task.Filter{Status: operation.Status(in.Status), Operation: in.Operation, Target: in.Target, Actor: in.Actor,
		Since: in.Since, Until: in.Until, PageSize: in.PageSize, PageToken: in.PageToken})
	if err != nil {
		return nil, err
	}
	return &struct{ Body task.Page }{page}, nil
}

func (s *Server) getTask(ctx context.Context, in *taskPath) (*taskResponse, error) {
	t, err := s.Tasks.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &taskResponse{t}, nil
}

func (s *Server) cancelTask(ctx context.Context, in *taskPath) (*Accepted, error) {
	return s.changeTask(ctx, "task.cancel", in.ID, func() (task.Task, error) { return s.Tasks.Cancel(ctx, in.ID) })
}

func (s *Server) retryTask(ctx context.Context, in *struct {
	IdempotencyHeader
	ID string `path:"id" maxLength:"512"`
}) (*Accepted, error) {
	return s.changeTask(ctx, "task.retry", in.ID, func() (task.Task, error) {
		return s.Tasks.Retry(ctx, in.ID, request(ctx, ""), callerOf(ctx).Token, in.IdempotencyKey)
	})
}

// changeTask cancels or retries a task and audits the change. It refuses callers whose role does not allow the task's
// operation.
func (s *Server) changeTask(ctx context.Context, what, id string, do func() (task.Task, error)) (*Accepted, error) {
	t, err := s.Tasks.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	if need := s.Operations[t.Operation].Role; !who.Role.Allows(need) {
		return nil, fault.New(fault.Forbidden, nil, "this needs the role %s", need)
	}
	after, err := do()
	if err != nil {
		return nil, err
	}
	r := s.newRecord(who, what, string(operation.Succeeded), i18n.Verbatim(t.Title))
	r.Targets, r.Task = t.Targets, id
	return accepted(after, s.Audit.Append(ctx, r))
}
