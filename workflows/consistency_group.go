package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

const (
	// groupReadySignal reports to the run that an instance is shut off; its value is the instance ID.
	groupReadySignal = "group_ready"
	// groupDecisionSignal sends the decision to an instance.
	groupDecisionSignal = "group_decision"
	// groupTimeout bounds how long an instance waits for the decision, so that a stuck run leaves no instance shut off.
	groupTimeout = imageTimeout
)

// groupDecision instructs a stopped instance to create its image or to abort.
type groupDecision struct {
	// AbortReason is set if the group is aborted; "" means that the image is created.
	AbortReason i18n.Message
}

// consistencyGroup backs up the instances of a plan as one group: all are shut off before the first image is created.
// Each instance is a workflow of its own, which restarts the instance whatever happens to the run. An instance restarts as
// soon as its own image is complete, because that cannot change the instances that are still off. If one instance cannot
// be shut off, the group is aborted and no image is created.
type consistencyGroup struct {
	ids         []string
	ready       []string // in the order of their signals
	going       map[string]bool
	abortReason i18n.Message // set if the group is aborted
	slots       workflow.Semaphore
}

func newConsistencyGroup(ctx workflow.Context, ids []string) *consistencyGroup {
	g := &consistencyGroup{ids: ids, going: map[string]bool{}, slots: workflow.NewSemaphore(ctx, maxConcurrentBackups)}
	workflow.Go(ctx, func(ctx workflow.Context) {
		ready := workflow.GetSignalChannel(ctx, groupReadySignal)
		for {
			var id string
			ready.Receive(ctx, &id)
			if !slices.Contains(g.ready, id) {
				g.ready = append(g.ready, id)
			}
		}
	})
	workflow.Go(ctx, g.coordinate)
	return g
}

// coordinate sends the decision to each stopped instance. Cancellation needs no signal: children are cancelled with the
// parent.
func (g *consistencyGroup) coordinate(ctx workflow.Context) {
	if workflow.Await(ctx, func() bool { return !g.abortReason.IsZero() || len(g.ready) == len(g.ids) }) != nil {
		return
	}
	for sent := 0; workflow.Await(ctx, func() bool { return len(g.ready) > sent }) == nil; sent++ {
		id := g.ready[sent]
		if g.abortReason.IsZero() {
			if g.slots.Acquire(ctx, 1) != nil {
				return
			}
			g.going[id] = true
		}
		decision := groupDecision{AbortReason: g.abortReason}
		signal := workflow.SignalExternalWorkflow(ctx, instanceWorkflow(id), "", groupDecisionSignal, decision)
		if err := signal.Get(ctx, nil); err != nil { // the child has ended meanwhile
			workflow.GetLogger(ctx).Info("Group decision not delivered", "instance", id, "error", err)
		}
	}
}

// ended is called for each instance whose workflow has ended.
func (g *consistencyGroup) ended(id string, err error) {
	switch {
	case g.going[id]:
		g.slots.Release(1)
	case err != nil && g.abortReason.IsZero():
		g.abortReason = i18n.Messagef("%s: %s", id, reasonOf(err))
	}
}

// awaitGroup reports to the run that the instance is shut off, and waits until all instances of the group are.
func awaitGroup(ctx workflow.Context, instance string) error {
	run := workflow.GetInfo(ctx).ParentWorkflowExecution
	if run == nil {
		return fault.Final(fault.New(fault.Internal, nil, "there is no run of a plan"))
	}
	if err := workflow.SignalExternalWorkflow(ctx, run.ID, "", groupReadySignal, instance).Get(ctx, nil); err != nil {
		return err
	}
	var (
		decision groupDecision
		decided  bool
		late     bool
		wait     = workflow.NewSelector(ctx)
	)
	timer, stop := workflow.WithCancel(ctx)
	defer stop()
	wait.AddReceive(workflow.GetSignalChannel(ctx, groupDecisionSignal), func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &decision)
		decided = true
	})
	wait.AddFuture(workflow.NewTimer(timer, groupTimeout), func(workflow.Future) { late = true })
	wait.Select(ctx) // a cancel also ends the timer
	switch {
	case decided && decision.AbortReason.IsZero():
		return nil
	case decided:
		return fault.Final(fault.New(fault.Invalid, nil, "consistency group aborted: %s", decision.AbortReason))
	case late && ctx.Err() == nil:
		return fault.Final(fault.New(fault.Unavailable, nil, "timed out after %d h waiting for the other instances",
			int(groupTimeout/time.Hour)))
	}
	return ctx.Err()
}

// notStopped returns an error that names the instance which cannot be shut off.
func notStopped(name string, err error) error {
	if temporal.IsCanceledError(err) {
		return err
	}
	return fault.Final(fault.New(fault.KindOf(err), err, "%s cannot be shut off: %s", name, fault.MessageOf(err)))
}
