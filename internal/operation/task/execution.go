package task

import (
	"context"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"mycloudmanager/internal/operation"
	temporalclient "mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/i18n"
)

// execution is one workflow run with its decoded memo and search attributes.
type execution struct {
	workflowID string
	runID      string
	taskID     string
	key        string
	status     enumspb.WorkflowExecutionStatus
	outcome    operation.Status
	request    operation.Request
	progress   *operation.Progress // progress in the memo, or nil; final if the run is closed
	start      time.Time
	end        *time.Time
	pending    []*workflowpb.PendingActivityInfo
	length     int64 // number of events in the history
}

func (s *Service) execution(info *workflowpb.WorkflowExecutionInfo) *execution {
	e := &execution{
		workflowID: info.Execution.WorkflowId, runID: info.Execution.RunId, status: info.Status, start: info.StartTime.AsTime().UTC(), length: info.HistoryLength,
	}
	if info.CloseTime != nil {
		t := info.CloseTime.AsTime().UTC()
		e.end = &t
	}
	e.taskID = s.keyword(info.SearchAttributes, operation.TaskKey)
	if e.taskID == "" { // the first workflow task, which sets the attribute, is not completed
		first := info.FirstRunId
		if first == "" {
			first = e.runID
		}
		e.taskID = e.workflowID + "~" + first
	}
	e.key = s.keyword(info.SearchAttributes, operation.IdempotencyKey)
	e.outcome = operation.Status(s.keyword(info.SearchAttributes, operation.OutcomeKey))
	fields := info.Memo.GetFields()
	s.decode(fields[operation.RequestMemo], &e.request)
	if p := fields[operation.ProgressMemo]; p != nil {
		e.progress = &operation.Progress{}
		s.decode(p, e.progress)
	}
	return e
}

// keyword returns a search attribute of type Keyword. Search attributes are not encrypted.
func (s *Service) keyword(a *commonpb.SearchAttributes, key string) string {
	var v string
	s.decode(a.GetIndexedFields()[key], &v)
	return v
}

// decode decodes and decrypts a payload. It leaves v unchanged if the payload is missing or cannot be decrypted: the task is
// then shown without the value.
func (s *Service) decode(p *commonpb.Payload, v any) {
	if p != nil {
		_ = s.Converter.FromPayload(p, v)
	}
}

// taskStatus returns the status of the task from the status and the search attributes of the run.
func (e *execution) taskStatus() operation.Status {
	switch e.status {
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		if e.outcome == operation.PartiallyFailed {
			return operation.PartiallyFailed
		}
		return operation.Succeeded
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return operation.Cancelled
	case enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return operation.TimedOut
	case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
		return operation.Failed
	}
	if e.outcome == "" {
		return operation.Queued
	}
	return e.outcome
}

// task returns the run as a task, with texts in the language of ctx. progress is nil if it is unknown.
func (s *Service) task(ctx context.Context, e *execution, progress *operation.Progress) Task {
	lang := i18n.Language(ctx)
	t := Task{ID: e.taskID, Operation: e.request.Operation, Title: e.request.Operation, Targets: e.request.Targets, Actor: e.request.Actor, Via: e.request.Via,
		Status: e.taskStatus(), Steps: []Step{}, Result: map[string]any{}, StartedAt: e.start, EndedAt: e.end, RetryOf: e.request.RetryOf, Links: s.links(e)}
	if op, ok := s.Operations[e.request.Operation]; ok {
		t.Title = op.TitleOf(lang, e.request.Targets)
	}
	if t.Targets == nil {
		t.Targets = []operation.Target{}
	}
	if progress == nil {
		return t
	}
	t.Message = progress.Message.In(lang)
	if e := progress.Error; e != nil {
		t.Error = &Error{Code: e.Code, Detail: e.Detail.In(lang)}
	}
	if progress.Result != nil {
		t.Result, _ = i18n.LocalizeValue(progress.Result, lang).(map[string]any)
	}
	for _, step := range progress.Steps {
		t.Steps = append(t.Steps, Step{Name: step.Name, Title: s.stepTitle(lang, step.Name), Status: step.Status, Attempt: step.Attempt,
			StartedAt: step.StartedAt, EndedAt: step.EndedAt, Message: step.Message.In(lang), Undo: step.Undo})
		if step.Status == operation.Skipped {
			continue
		}
		t.Progress.Total++
		if step.Status.Closed() {
			t.Progress.Done++
		}
	}
	s.addPending(e, &t, lang)
	if t.Message == "" {
		t.Message = latestMessage(t.Steps)
	}
	return t
}

// addPending adds the attempt and the message of each pending activity to its step. The message is the last failure while
// the activity waits for a retry, and otherwise the last heartbeat.
func (s *Service) addPending(e *execution, t *Task, lang string) {
	for _, p := range e.pending {
		for i := range t.Steps {
			step := &t.Steps[i]
			if step.Name != p.ActivityType.GetName() || step.Status != operation.Running {
				continue
			}
			step.Attempt = max(step.Attempt, int(p.Attempt))
			var message i18n.Message
			if p.LastFailure != nil && p.State == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED {
				message = i18n.Messagef("attempt %d: %s", p.Attempt-1, s.failureText(p))
			} else if h := p.HeartbeatDetails.GetPayloads(); len(h) > 0 {
				s.decode(h[0], &message)
			}
			if !message.IsZero() {
				step.Message = message.In(lang)
			}
		}
	}
}

// latestMessage returns the message of the last step that has started.
func latestMessage(steps []Step) string {
	for _, step := range slices.Backward(steps) {
		if step.StartedAt == nil {
			continue
		}
		if step.Message != "" {
			return step.Title + ": " + step.Message
		}
		return step.Title
	}
	return ""
}

func (s *Service) stepTitle(lang, name string) string {
	if t, ok := s.StepTitles[name]; ok {
		return t.In(lang)
	}
	return name
}

func (s *Service) links(e *execution) Links {
	l := Links{Self: "/api/v1/tasks/" + e.taskID, Log: "/api/v1/tasks/" + e.taskID + "/log"}
	if s.TemporalWeb {
		l.Temporal = "/temporal/namespaces/" + s.Namespace + "/workflows/" + e.workflowID + "/" + e.runID
	}
	if len(e.request.Targets) > 0 {
		switch target := e.request.Targets[0]; target.Kind {
		case "stack":
			l.Target = "/api/v1/stack"
		case "app":
			l.Target = "/api/v1/apps/" + target.ID
		}
	}
	return l
}

// Get returns one task with its steps.
func (s *Service) Get(ctx context.Context, id string) (Task, error) {
	e, err := s.find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	return s.task(ctx, e, s.progress(ctx, e)), nil
}

// progressTimeout is the timeout of the query of a workflow. A query needs a running worker.
const progressTimeout = 3 * time.Second

// progress queries a running workflow. For a closed workflow, or if the query fails, it returns the progress in the memo.
func (s *Service) progress(ctx context.Context, e *execution) *operation.Progress {
	if e.status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING || e.outcome == "" {
		return e.progress
	}
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	value, err := s.Temporal.QueryWorkflow(ctx, e.workflowID, e.runID, operation.ProgressQuery)
	if err != nil {
		return e.progress
	}
	var p operation.Progress
	if value.Get(&p) != nil {
		return e.progress
	}
	return &p
}

// rows returns the runs that match a visibility query.
func (s *Service) rows(ctx context.Context, query string, size int32) ([]*execution, error) {
	response, err := s.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: s.Namespace, PageSize: size, Query: query})
	if err != nil {
		return nil, temporalclient.Unavailable(err)
	}
	var out []*execution
	for _, info := range response.Executions {
		out = append(out, s.execution(info))
	}
	return out, nil
}
