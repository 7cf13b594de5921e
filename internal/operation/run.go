package operation

import (
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// Run is the state of a running operation: its progress and its registered compensations.
type Run struct {
	progress        Progress
	planned         int // progress.Steps[:planned] are the planned steps, the others are compensations
	compensations   []func(workflow.Context) error
	token           string // user token of the last Retry
	retries         int
	leftBehind      []i18n.Message // errors of failed compensations
	partiallyFailed i18n.Message   // message set by PartiallyFailed
}

// Begin starts an operation whose steps are the activities of plan, in that order. Every workflow calls Begin first and
// defers End.
func Begin(ctx workflow.Context, plan ...any) (*Run, error) {
	r := &Run{progress: Progress{Status: Running}, planned: len(plan)}
	for _, activity := range plan {
		r.progress.Steps = append(r.progress.Steps, Step{Name: ActivityName(activity), Status: Queued})
	}
	if err := workflow.SetQueryHandler(ctx, ProgressQuery, func() (Progress, error) { return r.progress, nil }); err != nil {
		return nil, err
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, RetryUpdate,
		func(_ workflow.Context, in Retry) error {
			r.token, r.retries = in.UserToken, r.retries+1
			return nil
		},
		workflow.UpdateHandlerOptions{Validator: func(Retry) error {
			if r.progress.Status != Blocked {
				return fault.Final(fault.New(fault.Conflict, nil, "the task is not blocked"))
			}
			return nil
		}})
	if err != nil {
		return nil, err
	}
	return r, workflow.UpsertTypedSearchAttributes(ctx,
		temporal.NewSearchAttributeKeyKeyword(TaskKey).ValueSet(TaskID(ctx)),
		temporal.NewSearchAttributeKeyKeyword(OutcomeKey).ValueSet(string(Running)))
}

// UserToken returns the token of the last Retry, or start if there was none.
func (r *Run) UserToken(start string) string {
	if r.token != "" {
		return r.token
	}
	return start
}

// Call runs an activity with the options of ShortRequest as a step; out may be nil. A fault that a user can resolve
// blocks the task until the user retries or cancels it. If the input is a function, it is called again after a retry.
func (r *Run) Call(ctx workflow.Context, activity any, in, out any) error {
	return r.step(ctx, activity, func() (i18n.Message, error) {
		return execute(ShortRequest(ctx), activity, in, out)
	})
}

// Wait runs an activity with the options of Polling as a step, for at most limit.
func (r *Run) Wait(ctx workflow.Context, limit time.Duration, activity any, in, out any) error {
	return r.step(ctx, activity, func() (i18n.Message, error) {
		message, err := execute(Polling(ctx, limit), activity, in, out)
		return message, asTimeout(err, limit)
	})
}

// Do runs an activity with the options of LongRunning as a step. A cancellation waits until the activity has ended.
func (r *Run) Do(ctx workflow.Context, limit time.Duration, activity any, in, out any) error {
	return r.step(ctx, activity, func() (i18n.Message, error) {
		message, err := execute(LongRunning(ctx, limit), activity, in, out)
		return message, asTimeout(err, limit)
	})
}

// execute runs the activity. If the input is a function, it is called first, because its result may have changed while
// the step was blocked. If out is nil and the activity returns a message, it is the message of the step.
func execute(ctx workflow.Context, activity any, in, out any) (message i18n.Message, err error) {
	if input, ok := in.(func() any); ok {
		in = input()
	}
	var future workflow.Future
	if in == nil {
		future = workflow.ExecuteActivity(ctx, activity)
	} else {
		future = workflow.ExecuteActivity(ctx, activity, in)
	}
	if out != nil {
		return message, future.Get(ctx, out)
	}
	var response any
	err = future.Get(ctx, &response)
	message, _ = i18n.MessageFrom(response)
	return message, err
}

// Skip marks steps as skipped.
func (r *Run) Skip(activities ...any) {
	for _, activity := range activities {
		r.find(ActivityName(activity)).Status = Skipped
	}
}

// Result adds a value to the result of the task.
func (r *Run) Result(key string, value any) {
	if r.progress.Result == nil {
		r.progress.Result = map[string]any{}
	}
	r.progress.Result[key] = value
}

// ResultOf returns the value that Result has set for the key, or nil.
func (r *Run) ResultOf(key string) any { return r.progress.Result[key] }

// SetMessage sets the message of the task.
func (r *Run) SetMessage(format string, args ...any) {
	r.progress.Message = i18n.Messagef(format, args...)
}

// Compensate registers the compensation of the next step. Call it before the step, because a request can take effect
// although its response is lost. Compensations must tolerate missing objects.
func (r *Run) Compensate(activity any, in any) {
	r.compensations = append(r.compensations, func(ctx workflow.Context) error {
		return r.compensate(ctx, activity, in)
	})
}

// Commit discards the registered compensations. Call it when the changes so far must not be rolled back any more.
func (r *Run) Commit() { r.compensations = nil }

func (r *Run) step(ctx workflow.Context, activity any, do func() (i18n.Message, error)) error {
	name := ActivityName(activity)
	for {
		r.open(ctx, name)
		message, err := do()
		if err == nil {
			r.close(ctx, name, Succeeded, message)
			return nil
		}
		if !fault.KindOf(err).Blocks() || temporal.IsCanceledError(err) {
			r.close(ctx, name, statusOf(err), fault.MessageOf(err))
			return err
		}
		if err := r.block(ctx, name, err); err != nil {
			r.close(ctx, name, statusOf(err), fault.MessageOf(err))
			return err
		}
	}
}

// block waits until a user retries or cancels the task.
func (r *Run) block(ctx workflow.Context, name string, cause error) error {
	s := r.find(name)
	s.Status, s.Message = Blocked, fault.MessageOf(cause)
	r.progress.Error = &Error{Code: string(fault.KindOf(cause)), Detail: s.Message}
	if err := r.report(ctx, Blocked); err != nil {
		return err
	}
	before := r.retries
	ok, err := workflow.AwaitWithTimeout(ctx, blockedTimeout, func() bool { return r.retries > before })
	if err != nil {
		return err
	}
	if !ok {
		return cause
	}
	r.progress.Error = nil
	return r.report(ctx, Running)
}

// report sets the status and stores the progress in the memo. Task lists read the memo, because a query needs a worker.
func (r *Run) report(ctx workflow.Context, s Status) error {
	if err := r.setStatus(ctx, s); err != nil {
		return err
	}
	return workflow.UpsertMemo(ctx, map[string]any{ProgressMemo: r.progress})
}

func (r *Run) setStatus(ctx workflow.Context, s Status) error {
	r.progress.Status = s
	return workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(OutcomeKey).ValueSet(string(s)))
}

// End ends the operation. If *err is not nil, it runs the compensations in reverse order, on a disconnected context. It
// always stores the final progress in the memo. Use it with defer.
func (r *Run) End(ctx workflow.Context, err *error) {
	detached, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if *err != nil && len(r.compensations) > 0 {
		if temporal.IsCanceledError(*err) {
			_ = r.setStatus(detached, Cancelling)
		}
		r.rollback(detached)
	}
	r.finish(detached, err)
}

func (r *Run) rollback(ctx workflow.Context) {
	for _, undo := range slices.Backward(r.compensations) {
		if err := undo(ctx); err != nil {
			workflow.GetLogger(ctx).Error("Compensation failed", "error", err)
			r.leftBehind = append(r.leftBehind, fault.MessageOf(err))
		}
	}
}

func (r *Run) compensate(ctx workflow.Context, activity any, in any) error {
	name := ActivityName(activity)
	now := workflow.Now(ctx)
	r.progress.Steps = append(r.progress.Steps, Step{Name: name, Status: Running, Attempt: 1, StartedAt: &now, Undo: true})
	index := len(r.progress.Steps) - 1
	message, err := execute(Polling(ctx, undoTimeout), activity, in, nil)
	end := workflow.Now(ctx)
	s := &r.progress.Steps[index]
	s.EndedAt, s.Status, s.Message = &end, Succeeded, message
	if err != nil {
		s.Status, s.Message = Failed, fault.MessageOf(err)
	}
	return err
}

func (r *Run) finish(ctx workflow.Context, err *error) {
	status := statusOf(*err)
	if status == Succeeded && !r.partiallyFailed.IsZero() {
		status = PartiallyFailed
		r.progress.Message, r.progress.Error = r.partiallyFailed, &Error{Code: string(fault.Internal), Detail: r.partiallyFailed}
	}
	r.progress.Status = status
	if *err != nil && status != Cancelled {
		text := fault.MessageOf(*err)
		if len(r.leftBehind) > 0 {
			text = i18n.Messagef("%s; left behind: %s", text, i18n.Join(r.leftBehind, "; "))
		}
		r.progress.Error = &Error{Code: string(fault.KindOf(*err)), Detail: text}
		r.progress.Message = text
		*err = fault.Final(&fault.Error{Kind: fault.KindOf(*err), Message: text, Err: *err})
	} else if len(r.leftBehind) > 0 {
		r.progress.Message = i18n.Messagef("left behind: %s", i18n.Join(r.leftBehind, "; "))
	}
	for i := range r.progress.Steps {
		if s := &r.progress.Steps[i]; s.Status == Queued {
			s.Status = Skipped
		}
	}
	if e := workflow.UpsertMemo(ctx, map[string]any{ProgressMemo: r.progress}); e != nil {
		workflow.GetLogger(ctx).Error("The final progress was not stored in the memo", "error", e)
	}
	_ = r.setStatus(ctx, status)
}

func (r *Run) open(ctx workflow.Context, name string) {
	s := r.find(name)
	now := workflow.Now(ctx)
	s.Status, s.Message, s.Attempt = Running, i18n.Message{}, s.Attempt+1
	if s.StartedAt == nil {
		s.StartedAt = &now
	}
}

func (r *Run) close(ctx workflow.Context, name string, status Status, message i18n.Message) {
	s := r.find(name)
	now := workflow.Now(ctx)
	s.Status, s.Message, s.EndedAt = status, message, &now
	if status == Cancelled {
		s.Message = i18n.Message{} // the status needs no explanation
	}
}

// find returns the planned step with the name. If there is none, it adds the step to the plan.
func (r *Run) find(name string) *Step {
	for i := range r.progress.Steps[:r.planned] {
		if r.progress.Steps[i].Name == name {
			return &r.progress.Steps[i]
		}
	}
	r.progress.Steps = append(r.progress.Steps[:r.planned:r.planned],
		append([]Step{{Name: name}}, r.progress.Steps[r.planned:]...)...)
	r.planned++
	return &r.progress.Steps[r.planned-1]
}

func statusOf(err error) Status {
	switch {
	case err == nil:
		return Succeeded
	case temporal.IsCanceledError(err):
		return Cancelled
	}
	return Failed
}

// asTimeout converts a timeout of Temporal to a fault with the last message of the activity, the reason for the wait.
func asTimeout(err error, limit time.Duration) error {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if !ok {
		return err
	}
	var last i18n.Message
	if timeout.HasLastHeartbeatDetails() {
		_ = timeout.LastHeartbeatDetails(&last)
	}
	if last.IsZero() {
		last = i18n.Messagef("no response")
	}
	return fault.Final(fault.New(fault.Unavailable, err, "not done within %s: %s", limit, last))
}

// ActivityName returns the name under which an activity function is registered.
func ActivityName(activity any) string {
	name := runtime.FuncForPC(reflect.ValueOf(activity).Pointer()).Name()
	return strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm")
}

// TaskID returns the ID of the running task. It consists of the workflow ID and the first run ID, because a reset changes
// the current run ID.
func TaskID(ctx workflow.Context) string {
	info := workflow.GetInfo(ctx)
	return info.WorkflowExecution.ID + "~" + info.FirstRunID
}

// Retried reports whether a user has retried a blocked step of this run.
func (r *Run) Retried() bool { return r.retries > 0 }
