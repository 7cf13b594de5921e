package task

import (
	"context"
	"fmt"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// execution is one workflow run, decoded.
type execution struct {
	workflowID string
	runID      string
	taskID     string
	key        string
	status     enumspb.WorkflowExecutionStatus
	outcome    operation.Status
	request    operation.Request
	progress   *operation.Progress // final; of a closed run
	start      time.Time
	end        *time.Time
	pending    []*workflowpb.PendingActivityInfo
	length     int64 // of the history, in events
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
	if e.taskID == "" { // its first workflow task is not completed
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

// keyword reads a search attribute; search attributes are not encrypted.
func (s *Service) keyword(a *commonpb.SearchAttributes, key string) string {
	var v string
	s.decode(a.GetIndexedFields()[key], &v)
	return v
}

// decode leaves v unchanged if the payload is absent or cannot be decrypted: such a task is shown without it.
func (s *Service) decode(p *commonpb.Payload, v any) {
	if p != nil {
		_ = s.Converter.FromPayload(p, v)
	}
}

// final returns the status of a run that is closed, or whose workflow has not reported progress yet.
func (e *execution) final() operation.Status {
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

// task returns the run as a task in the reader's language. progress is nil if it is unknown.
func (s *Service) task(ctx context.Context, e *execution, progress *operation.Progress) Task {
	lang := i18n.Language(ctx)
	t := Task{ID: e.taskID, Operation: e.request.Operation, Title: e.request.Operation, Targets: e.request.Targets, Actor: e.request.Actor, Via: e.request.Via,
		Status: e.final(), Steps: []Step{}, Result: map[string]any{}, StartedAt: e.start, EndedAt: e.end, RetryOf: e.request.RetryOf, Links: s.links(e)}
	if op, ok := s.Operations[e.request.Operation]; ok {
		t.Title = op.TitleOf(lang, e.request.Targets)
	}
	if t.Targets == nil {
		t.Targets = []operation.Target{}
	}
	if progress == nil {
		return t
	}
	t.Message = i18n.TranslateTo(lang, progress.Message)
	if e := progress.Error; e != nil {
		t.Error = &operation.Error{Code: e.Code, Detail: i18n.TranslateTo(lang, e.Detail)}
	}
	if progress.Result != nil {
		t.Result = progress.Result
	}
	for _, step := range progress.Steps {
		t.Steps = append(t.Steps, Step{Name: step.Name, Title: s.stepTitle(lang, step.Name), Status: step.Status, Attempt: step.Attempt,
			StartedAt: step.StartedAt, EndedAt: step.EndedAt, Message: step.Message, Undo: step.Undo})
		if step.Status == operation.Skipped {
			continue
		}
		t.Progress.Total++
		if step.Status.Closed() {
			t.Progress.Done++
		}
	}
	s.live(e, &t)
	for i := range t.Steps {
		t.Steps[i].Message = i18n.TranslateTo(lang, t.Steps[i].Message)
	}
	if t.Message == "" {
		t.Message = latest(t.Steps)
	}
	return t
}

// live adds the state of the running activity: its attempt, the reason for its wait, its last failure.
func (s *Service) live(e *execution, t *Task) {
	for _, p := range e.pending {
		for i := range t.Steps {
			step := &t.Steps[i]
			if step.Name != p.ActivityType.GetName() || step.Status != operation.Running {
				continue
			}
			step.Attempt = max(step.Attempt, int(p.Attempt))
			var said string
			if p.LastFailure != nil && p.State == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED {
				said = fmt.Sprintf("attempt %d: %s", p.Attempt-1, s.failureText(p))
			} else if h := p.HeartbeatDetails.GetPayloads(); len(h) > 0 {
				s.decode(h[0], &said)
			}
			if said != "" {
				step.Message = said
			}
		}
	}
}

func latest(steps []Step) string {
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

// progressTimeout limits the query of a workflow: without a worker, nothing responds to it.
const progressTimeout = 3 * time.Second

// progress queries the running workflow, or reads the progress of a closed one from its memo.
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

// rows lists runs by a visibility query.
func (s *Service) rows(ctx context.Context, query string, size int32) ([]*execution, error) {
	response, err := s.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: s.Namespace, PageSize: size, Query: query})
	if err != nil {
		return nil, unavailable(err)
	}
	var out []*execution
	for _, info := range response.Executions {
		out = append(out, s.execution(info))
	}
	return out, nil
}
