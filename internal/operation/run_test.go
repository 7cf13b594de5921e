package operation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// fakeCloud has the activities of the tests. A test can replace each of them.
type fakeCloud struct {
	makeNet, makeDisk, dropNet, dropDisk func(context.Context) (string, error)
}

func call(f func(context.Context) (string, error), ctx context.Context, message string) (string, error) {
	if f == nil {
		return message, nil
	}
	return f(ctx)
}

func (c *fakeCloud) MakeNet(ctx context.Context) (string, error) {
	return call(c.makeNet, ctx, "net made")
}
func (c *fakeCloud) MakeDisk(ctx context.Context) (string, error) { return call(c.makeDisk, ctx, "") }
func (c *fakeCloud) DropNet(ctx context.Context) (string, error) {
	return call(c.dropNet, ctx, "net dropped")
}
func (c *fakeCloud) DropDisk(ctx context.Context) (string, error) { return call(c.dropDisk, ctx, "") }

// Build is an operation of two steps with compensations. If keep is true, it commits after the first step.
func Build(ctx workflow.Context, keep bool) (err error) {
	var c *fakeCloud
	r, err := operation.Begin(ctx, c.MakeNet, c.MakeDisk)
	if err != nil {
		return err
	}
	defer r.End(ctx, &err)
	r.Compensate(c.DropNet, nil)
	if err := r.Call(ctx, c.MakeNet, nil, nil); err != nil {
		return err
	}
	r.Compensate(c.DropDisk, nil)
	if keep {
		r.Commit()
	}
	return r.Wait(ctx, time.Minute, c.MakeDisk, nil, nil)
}

// SkipSteps is an operation that skips all its steps.
func SkipSteps(ctx workflow.Context) (err error) {
	var c *fakeCloud
	r, err := operation.Begin(ctx, c.MakeNet, c.MakeDisk)
	if err != nil {
		return err
	}
	defer r.End(ctx, &err)
	r.Skip(c.MakeNet)
	r.Result("url", "http://x")
	r.SetMessage("nothing to do for %s", "ntp")
	return nil
}

// run executes a workflow with the activities of c and returns its last progress.
func run(t *testing.T, c *fakeCloud, prepare func(*testsuite.TestWorkflowEnvironment), w any, args ...any) (operation.Progress, error) {
	t.Helper()
	env := new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute, Interceptors: []interceptor.WorkerInterceptor{&operation.Interceptor{}}})
	env.RegisterActivity(c)
	env.OnUpsertMemo(mock.Anything).Return(nil).Maybe()
	env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Maybe()
	if prepare != nil {
		prepare(env)
	}
	env.ExecuteWorkflow(w, args...)
	require.True(t, env.IsWorkflowCompleted())
	value, err := env.QueryWorkflow(operation.ProgressQuery)
	require.NoError(t, err)
	var p operation.Progress
	require.NoError(t, value.Get(&p))
	return p, env.GetWorkflowError()
}

func names(p operation.Progress) (out []string) {
	for _, s := range p.Steps {
		out = append(out, s.Name+" "+string(s.Status))
	}
	return out
}

func failWith(kind fault.Kind, text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return "", fault.New(kind, errors.New("inner"), "%s", text) }
}

func TestRun_StepMessages(t *testing.T) {
	p, err := run(t, &fakeCloud{}, nil, Build, false)
	require.NoError(t, err)
	require.Equal(t, operation.Succeeded, p.Status)
	require.Equal(t, []string{"MakeNet succeeded", "MakeDisk succeeded"}, names(p))
	require.Equal(t, "net made", p.Steps[0].Message.String())
	require.NotNil(t, p.Steps[0].StartedAt)
	require.NotNil(t, p.Steps[1].EndedAt)
}

func TestRun_FailureKeepsKindAndRollsBackInReverseOrder(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Invalid, fault.Forbidden, fault.NotFound} {
		p, err := run(t, &fakeCloud{makeDisk: failWith(kind, "cinder: no such type")}, nil, Build, false)
		require.Equal(t, kind, fault.KindOf(err))
		require.Equal(t, "cinder: no such type", fault.MessageOf(err).String())
		require.Equal(t, operation.Failed, p.Status)
		require.Equal(t, &operation.Error{Code: string(kind), Detail: i18n.Messagef("cinder: no such type")}, p.Error)
		require.Equal(t, []string{"MakeNet succeeded", "MakeDisk failed", "DropDisk succeeded", "DropNet succeeded"}, names(p))
		require.True(t, p.Steps[2].Undo && p.Steps[3].Undo)
		var app *temporal.ApplicationError
		require.ErrorAs(t, err, &app)
		require.True(t, app.NonRetryable(), "Temporal must not retry the workflow")
	}
}

func TestRun_SkipsStepsAfterFailure(t *testing.T) {
	p, err := run(t, &fakeCloud{makeNet: failWith(fault.Invalid, "neutron: no")}, nil, Build, false)
	require.Error(t, err)
	require.Equal(t, []string{"MakeNet failed", "MakeDisk skipped", "DropNet succeeded"}, names(p))
}

func TestRun_ReportsFailedCompensations(t *testing.T) {
	p, err := run(t, &fakeCloud{makeDisk: failWith(fault.Invalid, "cinder: no"), dropDisk: failWith(fault.Forbidden, "cinder: the volume is in use"),
		dropNet: failWith(fault.Forbidden, "neutron: policy")}, nil, Build, false)
	want := "cinder: no; left behind: cinder: the volume is in use; neutron: policy"
	require.Equal(t, want, fault.MessageOf(err).String())
	require.Equal(t, fault.Invalid, fault.KindOf(err), "the kind of the cause, not of a failed compensation")
	require.Equal(t, want, p.Message.String())
	require.Equal(t, []string{"MakeNet succeeded", "MakeDisk failed", "DropDisk failed", "DropNet failed"}, names(p))
}

func TestRun_CommitDiscardsCompensations(t *testing.T) {
	p, err := run(t, &fakeCloud{makeDisk: failWith(fault.Invalid, "cinder: no")}, nil, Build, true)
	require.Error(t, err)
	require.Equal(t, []string{"MakeNet succeeded", "MakeDisk failed"}, names(p))
}

func TestRun_SkipResultAndMessage(t *testing.T) {
	p, err := run(t, &fakeCloud{}, nil, SkipSteps)
	require.NoError(t, err)
	require.Equal(t, []string{"MakeNet skipped", "MakeDisk skipped"}, names(p))
	require.Equal(t, map[string]any{"url": "http://x"}, p.Result)
	require.Equal(t, "nothing to do for ntp", p.Message.String())
}

func TestRun_TimeoutIncludesReasonForWait(t *testing.T) {
	for message, c := range map[string]*fakeCloud{
		"not done within 1m0s: the server is still in BUILD": {makeDisk: func(context.Context) (string, error) {
			return "", temporal.NewTimeoutError(0, nil, "the server is still in BUILD")
		}},
		"not done within 1m0s: no response": {makeDisk: func(context.Context) (string, error) { return "", temporal.NewTimeoutError(0, nil) }},
	} {
		p, err := run(t, c, func(env *testsuite.TestWorkflowEnvironment) {
			env.OnActivity("MakeDisk", mock.Anything).Return(c.makeDisk)
		}, Build, false)
		require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
		require.Contains(t, fault.MessageOf(err).String(), message)
		require.Equal(t, operation.Failed, p.Status)
		require.Equal(t, "DropNet succeeded", names(p)[3])
	}
}

func TestRun_BlockedTaskContinuesAfterRetry(t *testing.T) {
	attempts := 0
	c := &fakeCloud{makeNet: func(context.Context) (string, error) {
		if attempts++; attempts == 1 {
			return "", fault.New(fault.Quota, nil, "neutron: Quota exceeded for resources: ['network'].")
		}
		return "net made", nil
	}}
	var blocked operation.Progress
	p, err := run(t, c, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			value, err := env.QueryWorkflow(operation.ProgressQuery)
			require.NoError(t, err)
			require.NoError(t, value.Get(&blocked))
			env.UpdateWorkflow(operation.RetryUpdate, "u1", &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(err error) { require.NoError(t, err) },
				OnComplete: func(any, error) {}}, operation.Retry{UserToken: "fresh"})
		}, time.Hour)
	}, Build, false)
	require.NoError(t, err)
	require.Equal(t, operation.Blocked, blocked.Status)
	require.Equal(t, "quota", blocked.Error.Code)
	require.Nil(t, p.Error)
	require.Equal(t, 2, p.Steps[0].Attempt)
}

// A blocked task that no user retries is rolled back and fails with its cause.
func TestRun_BlockedTaskFailsAfterAWeek(t *testing.T) {
	p, err := run(t, &fakeCloud{makeDisk: failWith(fault.Quota, "cinder: too many volumes")}, nil, Build, false)
	require.Equal(t, fault.Quota, fault.KindOf(err))
	require.Equal(t, "cinder: too many volumes", fault.MessageOf(err).String())
	require.Equal(t, []string{"MakeNet succeeded", "MakeDisk failed", "DropDisk succeeded", "DropNet succeeded"}, names(p))
}

func TestRun_RejectsRetryUnlessBlocked(t *testing.T) {
	var refused error
	c := &fakeCloud{}
	_, err := run(t, c, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity("MakeNet", mock.Anything).After(time.Minute).Return("net made", nil)
		env.RegisterDelayedCallback(func() {
			env.UpdateWorkflow(operation.RetryUpdate, "u1", &testsuite.TestUpdateCallback{OnAccept: func() { t.Error("accepted") }, OnReject: func(err error) { refused = err },
				OnComplete: func(any, error) {}}, operation.Retry{})
		}, time.Second)
	}, Build, false)
	require.NoError(t, err)
	require.Equal(t, fault.Conflict, fault.KindOf(refused), "%v", refused)
}

func TestRun_CancelRollsBack(t *testing.T) {
	p, err := run(t, &fakeCloud{makeDisk: failWith(fault.Quota, "cinder: too many volumes")}, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	}, Build, false)
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Equal(t, operation.Cancelled, p.Status)
	require.Equal(t, []string{"MakeNet succeeded", "MakeDisk cancelled", "DropDisk succeeded", "DropNet succeeded"}, names(p))
}

func TestPoll_RepeatsTemporaryErrors(t *testing.T) {
	calls := 0
	err := operation.Poll(t.Context(), time.Millisecond, func(context.Context) (bool, i18n.Message, error) {
		if calls++; calls < 4 {
			return false, i18n.Message{}, fault.New([]fault.Kind{fault.Unavailable, fault.RateLimited}[calls%2], nil, "nova does not respond")
		}
		return calls == 6, i18n.Verbatim("BUILD"), nil
	})
	require.NoError(t, err)
	require.Equal(t, 6, calls)
	for _, kind := range []fault.Kind{fault.Invalid, fault.Internal, fault.Quota, fault.NotFound} {
		err := operation.Poll(t.Context(), time.Millisecond, func(context.Context) (bool, i18n.Message, error) {
			return false, i18n.Message{}, fault.New(kind, nil, "no")
		})
		require.Equal(t, kind, fault.KindOf(err))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, operation.Poll(ctx, time.Hour, func(context.Context) (bool, i18n.Message, error) { return false, i18n.Verbatim("BUILD"), nil }), context.Canceled)
}
