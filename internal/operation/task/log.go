package task

import (
	"context"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// Log opens the task's log: its story, which its history tells, and what its activities have written meanwhile. Step ""
// is all of it.
func (s *Service) Log(ctx context.Context, id, step string) (*tasklog.View, error) {
	e, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, e, step)
}

func (s *Service) view(ctx context.Context, e *execution, step string) (*tasklog.View, error) {
	story, err := s.story(ctx, e)
	if err != nil {
		return nil, err
	}
	return s.Logs.View(ctx, e.taskID, step, e.end, story), nil
}

// story tells what happened from the history. A history that has not grown tells the same.
func (s *Service) story(ctx context.Context, e *execution) ([]tasklog.Line, error) {
	language := i18n.Of(ctx)
	if known := s.stories.get(e, language); known != nil {
		return known, nil
	}
	events := s.Temporal.GetWorkflowHistory(ctx, e.workflowID, e.runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	l := &log{service: s, language: language, names: map[int64]string{}}
	length := int64(0)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, unavailable(err)
		}
		l.add(event)
		length = event.EventId
	}
	s.stories.put(e, language, length, l.lines)
	return l.lines, nil
}

// stories remember what was read of histories that are looked at again and again.
type stories struct {
	mu    sync.Mutex
	known map[string]story // by run and language
}

type story struct {
	length int64
	lines  []tasklog.Line
}

const storiesMost = 16

func (k *stories) get(e *execution, language string) []tasklog.Line {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.known[e.runID+language]; e.length > 0 && s.length >= e.length {
		return s.lines
	}
	return nil
}

func (k *stories) put(e *execution, language string, length int64, lines []tasklog.Line) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= storiesMost {
		k.known = map[string]story{} // forgetting costs a read
	}
	k.known[e.runID+language] = story{length, lines}
}

type log struct {
	service  *Service
	language string
	names    map[int64]string // event id of a schedule -> activity
	lines    []tasklog.Line
}

func (l *log) say(e *historypb.HistoryEvent, step, level, format string, args ...any) {
	l.lines = append(l.lines, tasklog.Line{Time: e.EventTime.AsTime().UTC().Truncate(time.Millisecond), Step: step, Level: level,
		Message: i18n.SayIn(l.language, fmt.Sprintf(format, args...))})
}

func (l *log) add(e *historypb.HistoryEvent) {
	switch e.EventType {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		l.say(e, "", "info", "the task starts")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		l.names[e.EventId] = e.GetActivityTaskScheduledEventAttributes().ActivityType.Name
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		a := e.GetActivityTaskStartedEventAttributes()
		l.say(e, l.names[a.ScheduledEventId], "info", "starts, attempt %d", a.Attempt)
		if a.LastFailure != nil {
			l.say(e, l.names[a.ScheduledEventId], "error", "the attempt before: %s", l.service.text(a.LastFailure))
		}
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		l.say(e, l.names[e.GetActivityTaskCompletedEventAttributes().ScheduledEventId], "info", "done")
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		a := e.GetActivityTaskFailedEventAttributes()
		l.say(e, l.names[a.ScheduledEventId], "error", "failed: %s", l.service.text(a.Failure))
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
		a := e.GetActivityTaskTimedOutEventAttributes()
		l.say(e, l.names[a.ScheduledEventId], "error", "timed out: %s", l.service.text(a.Failure))
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
		l.say(e, l.names[e.GetActivityTaskCanceledEventAttributes().ScheduledEventId], "info", "cancelled")
	default:
		l.workflow(e)
	}
}

func (l *log) workflow(e *historypb.HistoryEvent) {
	switch e.EventType {
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		l.say(e, "", "info", "retry was asked for")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
		l.say(e, "", "info", "cancel was asked for")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		l.say(e, "", "info", "the task has succeeded")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
		l.say(e, "", "error", "the task has failed: %s", l.service.text(e.GetWorkflowExecutionFailedEventAttributes().Failure))
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		l.say(e, "", "info", "the task was cancelled")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
		l.say(e, "", "error", "the task has timed out")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
		l.say(e, "", "error", "the task was terminated: %s", e.GetWorkflowExecutionTerminatedEventAttributes().Reason)
	}
}

// text decodes a failure, which lies sealed, into its words.
func (s *Service) text(f *failurepb.Failure) string {
	if f == nil {
		return ""
	}
	c := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: s.Converter, EncodeCommonAttributes: true})
	return fault.MessageOf(c.FailureToError(f))
}

func (s *Service) failureText(p *workflowpb.PendingActivityInfo) string { return s.text(p.LastFailure) }
