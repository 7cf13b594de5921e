package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
)

const (
	// groupReadySignal tells the run that an instance is shut off; its value is the instance.
	groupReadySignal = "group_ready"
	// groupDecisionSignal tells an instance what becomes of the set.
	groupDecisionSignal = "group_decision"
	// groupTimeout bounds how long an instance stands by for its turn: a run that is stuck leaves none shut off.
	groupTimeout = imageTimeout
)

// groupDecision is what an instance that is shut off is told.
type groupDecision struct {
	// Broken is why there is no set; "" is to go on.
	AbortReason string
}

// consistencyGroup takes the instances of a plan through one run together: all are shut off before the first image is
// made. Each is a workflow of its own, which starts its instance again whatever becomes of the run. One starts
// as soon as its own image is whole: those that are still off are not changed by it, so nothing is won by
// keeping it down. When one cannot be shut off there is no set, and no image is made.
type consistencyGroup struct {
	ids         []string
	ready       []string // in the order in which they told it
	going       map[string]bool
	abortReason string // why there is no set
	slots       workflow.Semaphore
}

func newConsistencyGroup(ctx workflow.Context, ids []string) *consistencyGroup {
	g := &consistencyGroup{ids: ids, going: map[string]bool{}, slots: workflow.NewSemaphore(ctx, maxConcurrentBackups)}
	workflow.Go(ctx, func(ctx workflow.Context) {
		told := workflow.GetSignalChannel(ctx, groupReadySignal)
		for {
			var id string
			told.Receive(ctx, &id)
			if !slices.Contains(g.ready, id) {
				g.ready = append(g.ready, id)
			}
		}
	})
	workflow.Go(ctx, g.coordinate)
	return g
}

// coordinate says what becomes of the set, to each that is shut off. A cancel needs no word: the instances are
// cancelled with the run.
func (g *consistencyGroup) coordinate(ctx workflow.Context) {
	if workflow.Await(ctx, func() bool { return g.abortReason != "" || len(g.ready) == len(g.ids) }) != nil {
		return
	}
	for said := 0; workflow.Await(ctx, func() bool { return len(g.ready) > said }) == nil; said++ {
		id := g.ready[said]
		if g.abortReason == "" {
			if g.slots.Acquire(ctx, 1) != nil {
				return
			}
			g.going[id] = true
		}
		word := workflow.SignalExternalWorkflow(ctx, instanceWorkflow(id), "", groupDecisionSignal, groupDecision{AbortReason: g.abortReason})
		if err := word.Get(ctx, nil); err != nil { // it has ended meanwhile
			workflow.GetLogger(ctx).Info("Not told", "instance", id, "error", err)
		}
	}
}

// ended is told of each instance whose part is over.
func (g *consistencyGroup) ended(id string, err error) {
	switch {
	case g.going[id]:
		g.slots.Release(1)
	case err != nil && g.abortReason == "":
		g.abortReason = id + ": " + reasonOf(err)
	}
}

// awaitGroup tells the run that the instance is shut off, and waits until all of the set are.
func awaitGroup(ctx workflow.Context, instance string) error {
	run := workflow.GetInfo(ctx).ParentWorkflowExecution
	if run == nil {
		return fault.Final(fault.New(fault.Internal, nil, "there is no run of a plan"))
	}
	if err := workflow.SignalExternalWorkflow(ctx, run.ID, "", groupReadySignal, instance).Get(ctx, nil); err != nil {
		return err
	}
	var (
		word  groupDecision
		heard bool
		late  bool
		wait  = workflow.NewSelector(ctx)
	)
	timer, stop := workflow.WithCancel(ctx)
	defer stop()
	wait.AddReceive(workflow.GetSignalChannel(ctx, groupDecisionSignal), func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &word)
		heard = true
	})
	wait.AddFuture(workflow.NewTimer(timer, groupTimeout), func(workflow.Future) { late = true })
	wait.Select(ctx) // a cancel ends the timer
	switch {
	case heard && word.AbortReason == "":
		return nil
	case heard:
		return fault.Final(fault.New(fault.Invalid, nil, "consistency group aborted: %s", word.AbortReason))
	case late && ctx.Err() == nil:
		return fault.Final(fault.New(fault.Unavailable, nil, "its turn did not come within %d hours", groupTimeout/time.Hour))
	}
	return ctx.Err()
}

// notStopped names the instance that keeps the set from being made.
func notStopped(name string, err error) error {
	if temporal.IsCanceledError(err) {
		return err
	}
	return fault.Final(fault.New(fault.KindOf(err), err, "%s cannot be shut off: %s", name, fault.MessageOf(err)))
}
