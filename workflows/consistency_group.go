package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
)

const (
	// readySignal tells the run that an instance is shut off; its value is the instance.
	readySignal = "ready"
	// verdictSignal tells an instance what becomes of the set.
	verdictSignal = "verdict"
	// standPatience bounds how long an instance stands by for its turn: a run that is stuck leaves none shut off.
	standPatience = imagePatience
)

// verdict is what an instance that is shut off is told.
type verdict struct {
	// Broken is why there is no set; "" is to go on.
	Broken string
}

// group takes the instances of a plan through one run together: all are shut off before the first image is
// made. Each is a workflow of its own, which starts its instance again whatever becomes of the run. One starts
// as soon as its own image is whole: those that are still off are not changed by it, so nothing is won by
// keeping it down. When one cannot be shut off there is no set, and no image is made.
type group struct {
	ids    []string
	ready  []string // in the order in which they told it
	going  map[string]bool
	broken string // why there is no set
	places workflow.Semaphore
}

func newGroup(ctx workflow.Context, ids []string) *group {
	g := &group{ids: ids, going: map[string]bool{}, places: workflow.NewSemaphore(ctx, backupsAtOnce)}
	workflow.Go(ctx, func(ctx workflow.Context) {
		told := workflow.GetSignalChannel(ctx, readySignal)
		for {
			var id string
			told.Receive(ctx, &id)
			if !slices.Contains(g.ready, id) {
				g.ready = append(g.ready, id)
			}
		}
	})
	workflow.Go(ctx, g.conduct)
	return g
}

// conduct says what becomes of the set, to each that is shut off. A cancel needs no word: the instances are
// cancelled with the run.
func (g *group) conduct(ctx workflow.Context) {
	if workflow.Await(ctx, func() bool { return g.broken != "" || len(g.ready) == len(g.ids) }) != nil {
		return
	}
	for said := 0; workflow.Await(ctx, func() bool { return len(g.ready) > said }) == nil; said++ {
		id := g.ready[said]
		if g.broken == "" {
			if g.places.Acquire(ctx, 1) != nil {
				return
			}
			g.going[id] = true
		}
		word := workflow.SignalExternalWorkflow(ctx, instanceWorkflow(id), "", verdictSignal, verdict{Broken: g.broken})
		if err := word.Get(ctx, nil); err != nil { // it has ended meanwhile
			workflow.GetLogger(ctx).Info("Not told", "instance", id, "error", err)
		}
	}
}

// ended is told of each instance whose part is over.
func (g *group) ended(id string, err error) {
	switch {
	case g.going[id]:
		g.places.Release(1)
	case err != nil && g.broken == "":
		g.broken = id + ": " + reasonOf(err)
	}
}

// standBy tells the run that the instance is shut off, and waits until all of the set are.
func standBy(ctx workflow.Context, instance string) error {
	run := workflow.GetInfo(ctx).ParentWorkflowExecution
	if run == nil {
		return fault.Final(fault.New(fault.Internal, nil, "there is no run of a plan"))
	}
	if err := workflow.SignalExternalWorkflow(ctx, run.ID, "", readySignal, instance).Get(ctx, nil); err != nil {
		return err
	}
	var (
		word  verdict
		heard bool
		late  bool
		wait  = workflow.NewSelector(ctx)
	)
	timer, stop := workflow.WithCancel(ctx)
	defer stop()
	wait.AddReceive(workflow.GetSignalChannel(ctx, verdictSignal), func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &word)
		heard = true
	})
	wait.AddFuture(workflow.NewTimer(timer, standPatience), func(workflow.Future) { late = true })
	wait.Select(ctx) // a cancel ends the timer
	switch {
	case heard && word.Broken == "":
		return nil
	case heard:
		return fault.Final(fault.New(fault.Invalid, nil, "the set is given up: %s", word.Broken))
	case late && ctx.Err() == nil:
		return fault.Final(fault.New(fault.Unavailable, nil, "its turn did not come within %d hours", standPatience/time.Hour))
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
