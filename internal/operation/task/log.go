package task

import (
	"context"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
	temporalclient "mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/i18n"
)

// Log returns the log of a task: the events of its history and the lines that its activities have written. If step is not
// empty, the log has the lines of that step only.
func (s *Service) Log(ctx context.Context, id, step string) (*tasklog.View, error) {
	e, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, e, step)
}

func (s *Service) view(ctx context.Context, e *execution, step string) (*tasklog.View, error) {
	events, err := s.history(ctx, e)
	if err != nil {
		return nil, err
	}
	return s.Logs.View(ctx, e.taskID, step, e.end, events), nil
}

// history returns the events of the workflow history as log lines. It caches them until the history grows.
func (s *Service) history(ctx context.Context, e *execution) ([]tasklog.Line, error) {
	language := i18n.Language(ctx)
	if known := s.histories.get(e, language); known != nil {
		return known, nil
	}
	events := s.Temporal.GetWorkflowHistory(ctx, e.workflowID, e.runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	l := &historyLog{service: s, language: language, names: map[int64]string{}}
	length := int64(0)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, temporalclient.Unavailable(err)
		}
		l.event(event)
		length = event.EventId
	}
	s.histories.put(e, language, length, l.lines)
	return l.lines, nil
}

// historyCache caches the log lines of workflow histories.
type historyCache struct {
	mu      sync.Mutex
	entries map[string]cachedHistory // by run ID and language
}

type cachedHistory struct {
	length int64
	lines  []tasklog.Line
}

const maxCachedHistories = 16

func (h *historyCache) get(e *execution, language string) []tasklog.Line {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.entries[e.runID+language]; e.length > 0 && s.length >= e.length {
		return s.lines
	}
	return nil
}

func (h *historyCache) put(e *execution, language string, length int64, lines []tasklog.Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.entries == nil || len(h.entries) >= maxCachedHistories {
		h.entries = map[string]cachedHistory{} // later reads fill the cache again
	}
	h.entries[e.runID+language] = cachedHistory{length, lines}
}

// historyLog converts events of a workflow history to log lines.
type historyLog struct {
	service  *Service
	language string
	names    map[int64]string // activity names by the ID of the ActivityTaskScheduled event
	lines    []tasklog.Line
}

func (l *historyLog) add(e *historypb.HistoryEvent, step, level, format string, args ...any) {
	l.lines = append(l.lines, tasklog.Line{Time: e.EventTime.AsTime().UTC().Truncate(time.Millisecond), Step: step, Level: level,
		Message: i18n.Messagef(format, args...).In(l.language)})
}

func (l *historyLog) event(e *historypb.HistoryEvent) {
	switch e.EventType {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		l.add(e, "", "info", "the task starts")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		l.names[e.EventId] = e.GetActivityTaskScheduledEventAttributes().ActivityType.Name
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		a := e.GetActivityTaskStartedEventAttributes()
		l.add(e, l.names[a.ScheduledEventId], "info", "starts, attempt %d", a.Attempt)
		if a.LastFailure != nil {
			l.add(e, l.names[a.ScheduledEventId], "error", "previous attempt: %s", l.service.text(a.LastFailure))
		}
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		l.add(e, l.names[e.GetActivityTaskCompletedEventAttributes().ScheduledEventId], "info", "done")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		a := e.GetActivityTaskFailedEventAttributes()
		l.add(e, l.names[a.ScheduledEventId], "error", "failed: %s", l.service.text(a.Failure))
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		a := e.GetActivityTaskTimedOutEventAttributes()
		l.add(e, l.names[a.ScheduledEventId], "error", "timed out: %s", l.service.text(a.Failure))
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		l.add(e, l.names[e.GetActivityTaskCanceledEventAttributes().ScheduledEventId], "info", "cancelled")
	default:
		l.workflow(e)
	}
}

func (l *historyLog) workflow(e *historypb.HistoryEvent) {
	switch e.EventType {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		l.add(e, "", "info", "retry requested")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		l.add(e, "", "info", "cancellation requested")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		l.add(e, "", "info", "the task has succeeded")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		l.add(e, "", "error", "the task has failed: %s", l.service.text(e.GetWorkflowExecutionFailedEventAttributes().Failure))
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		l.add(e, "", "info", "the task was cancelled")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		l.add(e, "", "error", "the task has timed out")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
		l.add(e, "", "error", "the task was terminated: %s", e.GetWorkflowExecutionTerminatedEventAttributes().Reason)
	}
}

// text decrypts a failure and returns its message for users.
func (s *Service) text(f *failurepb.Failure) i18n.Message {
	if f == nil {
		return i18n.Message{}
	}
	c := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: s.Converter, EncodeCommonAttributes: true})
	return fault.MessageOf(c.FailureToError(f))
}

func (s *Service) failureText(p *workflowpb.PendingActivityInfo) i18n.Message {
	return s.text(p.LastFailure)
}
