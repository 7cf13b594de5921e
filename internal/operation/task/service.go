package task

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/i18n"
)

// Service starts, lists and controls tasks.
type Service struct {
	Temporal    client.Client
	Namespace   string
	TaskQueue   string
	Converter   converter.DataConverter
	Operations  map[string]operation.Operation
	StepTitles  map[string]i18n.Text
	TemporalWeb bool
	Logs        *tasklog.Log

	histories historyCache
	hub       watchHub
	share     singleflight.Group // merges simultaneous requests with the same Idempotency-Key
}

// Start starts an operation. If another operation is running on the target, it returns a Conflict with the ID of that
// task. If the same request was sent before with the same Idempotency-Key, it returns the earlier task.
func (s *Service) Start(ctx context.Context, in StartRequest) (Task, error) {
	if in.Key == "" {
		return s.begin(ctx, in, "")
	}
	key := prepareKey(&in)
	// Without further measures, another request with the same key could start the task, and the task could end, between
	// our search and our start. Requests of this process are therefore merged, and a start by another replica has the same
	// request ID.
	v, err, _ := s.share.Do(key+in.Request.BodyHash, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()
		if t, err := s.findByKey(ctx, key, in); err != nil || t != nil {
			return deref(t), err
		}
		return s.begin(ctx, in, key)
	})
	t, _ := v.(Task)
	return t, err
}

func (s *Service) begin(ctx context.Context, in StartRequest, key string) (Task, error) {
	run, err := s.execute(temporal.WithRequestID(ctx, key), in, key)
	if err == nil {
		return s.started(ctx, run.GetID()+"~"+run.GetRunID(), in)
	}
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); !ok {
		return Task{}, temporal.Unavailable(err)
	}
	if key != "" { // another replica may have started a task with the same key
		if t, err := s.findByKey(ctx, key, in); err != nil || t != nil {
			return deref(t), err
		}
	}
	return Task{}, s.conflict(ctx, in.Request.Targets[0])
}

func (s *Service) execute(ctx context.Context, in StartRequest, key string) (client.WorkflowRun, error) {
	attributes := in.Request.Attributes()
	if key != "" {
		attributes = append(attributes, sdktemporal.NewSearchAttributeKeyKeyword(operation.IdempotencyKey).ValueSet(key))
	}
	return s.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: in.workflowID(), TaskQueue: s.TaskQueue, WorkflowExecutionTimeout: operation.Deadline,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		Memo:                                     map[string]any{operation.RequestMemo: in.Request},
		TypedSearchAttributes:                    sdktemporal.NewSearchAttributes(attributes...),
		StaticSummary:                            in.Operation.TitleOf("en", in.Request.Targets),
	}, in.Operation.Workflow, in.Input)
}

// conflict returns the fault for a target on which another operation is running.
func (s *Service) conflict(ctx context.Context, target operation.Target) error {
	e := &fault.Error{Kind: fault.Conflict, Message: i18n.Messagef("another operation is running on this target: wait for it or cancel it")}
	found, err := s.describe(ctx, target.WorkflowID(), "")
	if err == nil {
		e.Task = found.taskID
		if op, ok := s.Operations[found.request.Operation]; ok {
			e.Message = i18n.Messagef("%q is running: wait for it or cancel it", op.TitleOf(i18n.Language(ctx), found.request.Targets))
		}
	}
	return e
}

// RunningByTarget returns the IDs of the running tasks on targets of a kind, by target ID, with one query. A task that was
// started a moment ago may be missing.
func (s *Service) RunningByTarget(ctx context.Context, kind string) (map[string]string, error) {
	rows, err := s.rows(ctx, "ExecutionStatus = 'Running' AND "+operationsQuery, openTasks)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range rows {
		for _, target := range e.request.Targets {
			if target.Kind == kind {
				out[target.ID] = e.taskID
			}
		}
	}
	return out, nil
}

// LatestByTarget returns the running task on the target, or the last one if none is running.
func (s *Service) LatestByTarget(ctx context.Context, target operation.Target) (Task, error) {
	e, err := s.describe(ctx, target.WorkflowID(), "")
	if err != nil {
		return Task{}, err
	}
	return s.task(ctx, e, s.progress(ctx, e)), nil
}

// Running returns the ID of the running task on the target, or "".
func (s *Service) Running(ctx context.Context, target operation.Target) (string, error) {
	found, err := s.describe(ctx, target.WorkflowID(), "")
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return "", nil
	case err != nil:
		return "", err
	case found.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return found.taskID, nil
	}
	return "", nil
}

// Cancel requests the cancellation of a task. The task then rolls its changes back. For a closed task, Cancel returns a
// Conflict.
func (s *Service) Cancel(ctx context.Context, id string) (Task, error) {
	found, err := s.find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	if found.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return Task{}, &fault.Error{Kind: fault.Conflict, Message: i18n.Messagef("the task has ended"), Task: id}
	}
	if err := s.Temporal.CancelWorkflow(ctx, found.workflowID, found.runID); err != nil {
		return Task{}, temporal.Unavailable(err)
	}
	t, err := s.Get(ctx, id)
	if err == nil && !t.Status.Closed() {
		t.Status = operation.Cancelling
	}
	return t, err
}

// Retry continues a blocked task, or starts a new task with the input of a failed one. userToken is the token of the caller
// for inputs that implement operation.TokenUser. key is the Idempotency-Key of a new task.
func (s *Service) Retry(ctx context.Context, id string, r operation.Request, userToken, key string) (Task, error) {
	found, err := s.find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	if found.status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return s.unblock(ctx, id, found, userToken)
	}
	status := found.taskStatus()
	if status == operation.Succeeded {
		return Task{}, &fault.Error{Kind: fault.Conflict, Message: i18n.Messagef("the task has succeeded: there is nothing to retry"), Task: id}
	}
	op, ok := s.Operations[found.request.Operation]
	if !ok {
		return Task{}, fault.New(fault.Conflict, nil, "this release cannot repeat %s", found.request.Operation)
	}
	input := op.Input()
	if err := s.input(ctx, found, input); err != nil {
		return Task{}, err
	}
	if user, ok := input.(operation.TokenUser); ok {
		user.SetUserToken(userToken)
	}
	if retryable, ok := input.(operation.Retryable); ok && found.progress != nil {
		retryable.KeepFailed(found.progress.Result)
	}
	r.Operation, r.Targets, r.Changes, r.RetryOf = found.request.Operation, found.request.Targets, found.request.Changes, id
	return s.Start(ctx, StartRequest{Operation: op, Input: reflect.ValueOf(input).Elem().Interface(), Request: r, Key: key, Body: []byte("retry of " + id),
		ID: found.workflowID})
}

func (s *Service) unblock(ctx context.Context, id string, found *execution, userToken string) (Task, error) {
	argument := operation.Retry{}
	if op, ok := s.Operations[found.request.Operation]; ok {
		if _, ok := op.Input().(operation.TokenUser); ok {
			argument.UserToken = userToken
		}
	}
	handle, err := s.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: found.workflowID, RunID: found.runID, UpdateName: operation.RetryUpdate, Args: []any{argument},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		if fault.KindOf(err) == fault.Conflict {
			return Task{}, &fault.Error{Kind: fault.Conflict, Message: i18n.Messagef("the task is running and does not need a retry"), Task: id}
		}
		return Task{}, temporal.Unavailable(err)
	}
	return s.Get(ctx, id)
}

// input decodes the input of the task from the first event of its history.
func (s *Service) input(ctx context.Context, found *execution, into any) error {
	history := s.Temporal.GetWorkflowHistory(ctx, found.workflowID, found.runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	event, err := history.Next()
	if err != nil {
		return temporal.Unavailable(err)
	}
	payloads := event.GetWorkflowExecutionStartedEventAttributes().GetInput()
	if err := s.Converter.FromPayloads(payloads, into); err != nil {
		return fault.New(fault.Internal, err, "the task's input cannot be read: %v", err)
	}
	return nil
}

// split splits a task ID into the workflow ID and the ID of the first run.
func split(id string) (workflowID, firstRun string, err error) {
	workflowID, firstRun, ok := strings.Cut(id, "~")
	if !ok || workflowID == "" || firstRun == "" || strings.ContainsAny(id, "\"'\\ ") {
		return "", "", fault.New(fault.NotFound, nil, "there is no such task")
	}
	return workflowID, firstRun, nil
}

// find returns the newest run of the task. Earlier runs were reset.
func (s *Service) find(ctx context.Context, id string) (*execution, error) {
	workflowID, firstRun, err := split(id)
	if err != nil {
		return nil, err
	}
	newest, err := s.describe(ctx, workflowID, "")
	if err != nil {
		return nil, err
	}
	if newest.taskID == id {
		return newest, nil
	}
	if rows, err := s.rows(ctx, fmt.Sprintf("%s = '%s'", operation.TaskKey, id), 1); err == nil && len(rows) > 0 {
		return s.describe(ctx, workflowID, rows[0].runID)
	}
	return s.describe(ctx, workflowID, firstRun)
}

func (s *Service) describe(ctx context.Context, workflowID, runID string) (*execution, error) {
	d, err := s.Temporal.WorkflowService().DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: s.Namespace, Execution: &commonpb.WorkflowExecution{WorkflowId: workflowID, RunId: runID},
	})
	if err != nil {
		if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
			return nil, fault.New(fault.NotFound, nil, "there is no such task")
		}
		if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
			return nil, fault.New(fault.NotFound, nil, "there is no such task")
		}
		return nil, temporal.Unavailable(err)
	}
	e := s.execution(d.WorkflowExecutionInfo)
	e.pending = d.PendingActivities
	return e, nil
}

// deref returns the zero Task for nil.
func deref(t *Task) Task {
	if t == nil {
		return Task{}
	}
	return *t
}
