package tasks

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/i18n"
)

// Log tells the task's story from its history, step by step; step "" is all of them.
func (s *Service) Log(ctx context.Context, id, step string) ([]LogLine, error) {
	e, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	events := s.Temporal.GetWorkflowHistory(ctx, e.workflowID, e.runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	l := &log{service: s, language: i18n.Of(ctx), names: map[int64]string{}}
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, unavailable(err)
		}
		l.add(event)
	}
	if step == "" {
		return l.lines, nil
	}
	out := []LogLine{}
	for _, line := range l.lines {
		if line.Step == step {
			out = append(out, line)
		}
	}
	return out, nil
}

type log struct {
	service  *Service
	language string
	names    map[int64]string // event id of a schedule -> activity
	lines    []LogLine
}

func (l *log) say(e *historypb.HistoryEvent, step, level, format string, args ...any) {
	l.lines = append(l.lines, LogLine{Time: e.EventTime.AsTime().UTC(), Step: step, Level: level, Message: i18n.SayIn(l.language, fmt.Sprintf(format, args...))})
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
