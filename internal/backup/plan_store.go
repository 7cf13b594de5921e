package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/fault"
)

// Plans keeps backup plans as Temporal schedules: the plan is the input of the workflow that the schedule
// starts, so that there is one truth of it.
type Plans struct {
	Temporal  client.Client
	TaskQueue string
	Converter converter.DataConverter
}

// WorkflowType is what a plan's schedule starts.
const WorkflowType = "ScheduledBackup"

// PlanStatus is a plan with how its schedule stands.
type PlanStatus struct {
	Plan
	Paused         bool
	Note           string
	Missed         int // runs that were due while nothing ran, and too late for the catch-up window: by Temporal, which counts some again
	OverlapSkipped int // runs that were due while the one before was still going on
	ETag           string
	// Ran are the times of the last runs that the schedule has started, as it wanted them, the oldest first.
	Ran []time.Time
	// ChangedAt is when the plan was last edited, paused or resumed; zero when it never was.
	ChangedAt time.Time
}

const (
	idPrefix = "plan:"
	// minCatchUpWindow is Temporal's own.
	minCatchUpWindow       = 10 * time.Second
	maxConcurrentDescribes = 8
)

func scheduleID(plan string) string { return idPrefix + plan }

// Create makes a plan's schedule. A second one of the same id is a conflict.
func (s *Plans) Create(ctx context.Context, p Plan) (PlanStatus, error) {
	spec, err := p.Schedule.Spec(time.Now())
	if err != nil {
		return PlanStatus{}, err
	}
	_, err = s.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: scheduleID(p.ID), Spec: spec, Action: s.action(p), CatchupWindow: p.catchUp(),
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return PlanStatus{}, fault.New(fault.Conflict, nil, "there is a plan of this id")
	}
	if err != nil {
		return PlanStatus{}, unavailable(err)
	}
	return s.Get(ctx, p.ID)
}

func (p Plan) catchUp() time.Duration {
	return max(time.Duration(p.CatchUp)*time.Second, minCatchUpWindow)
}

func (s *Plans) action(p Plan) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{ID: "scheduled:" + p.ID, Workflow: WorkflowType, Args: []any{p}, TaskQueue: s.TaskQueue}
}

// Get returns one plan.
func (s *Plans) Get(ctx context.Context, id string) (PlanStatus, error) {
	d, err := s.Temporal.ScheduleClient().GetHandle(ctx, scheduleID(id)).Describe(ctx)
	if err != nil {
		return PlanStatus{}, known(err)
	}
	return s.planned(d)
}

// planned reads a plan from its schedule.
func (s *Plans) planned(d *client.ScheduleDescription) (PlanStatus, error) {
	var p PlanStatus
	action, ok := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || len(action.Args) != 1 {
		return p, fault.New(fault.NotFound, nil, "there is no such plan")
	}
	payload, ok := action.Args[0].(*commonpb.Payload)
	if !ok {
		return p, fault.New(fault.NotFound, nil, "there is no such plan")
	}
	if err := s.Converter.FromPayload(payload, &p.Plan); err != nil {
		return p, fault.New(fault.Internal, err, "the plan cannot be read: was its key lost?")
	}
	p.Missed, p.OverlapSkipped = d.Info.NumActionsMissedCatchupWindow, d.Info.NumActionsSkippedOverlap
	p.ChangedAt = d.Info.LastUpdateAt
	for _, a := range d.Info.RecentActions {
		p.Ran = append(p.Ran, a.ScheduleTime)
	}
	if d.Schedule.State != nil {
		p.Paused = d.Schedule.State.Paused
		if p.Paused {
			p.Note = d.Schedule.State.Note
		}
	}
	p.ETag = p.etag()
	return p, nil
}

// etag changes with everything that an edit could overwrite.
func (p PlanStatus) etag() string {
	raw, err := json.Marshal(struct {
		Plan   Plan
		Paused bool
		Note   string
	}{p.Plan, p.Paused, p.Note})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// List returns plans in the order of their ids, from the one after the id that is named, at most n; more
// tells whether there are others.
func (s *Plans) List(ctx context.Context, after string, n int) (list []PlanStatus, more bool, err error) {
	ids, err := s.ids(ctx)
	if err != nil {
		return nil, false, err
	}
	at, found := slices.BinarySearch(ids, after)
	if found {
		at++
	}
	ids = ids[at:]
	if more = len(ids) > n; more {
		ids = ids[:n]
	}
	described := make([]*PlanStatus, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxConcurrentDescribes)
	for i, id := range ids {
		g.Go(func() error {
			p, err := s.Get(ctx, id)
			if fault.KindOf(err) == fault.NotFound { // deleted meanwhile
				return nil
			}
			described[i] = &p
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, err
	}
	list = []PlanStatus{}
	for _, p := range described {
		if p != nil {
			list = append(list, *p)
		}
	}
	return list, more, nil
}

// ids are those of all plans, sorted; they begin with the time at which they were made.
func (s *Plans) ids(ctx context.Context) ([]string, error) {
	all, err := s.Temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 1000})
	if err != nil {
		return nil, unavailable(err)
	}
	var ids []string
	for all.HasNext() {
		entry, err := all.Next()
		if err != nil {
			return nil, unavailable(err)
		}
		if id, ok := strings.CutPrefix(entry.ID, idPrefix); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Replace changes a plan, unless it is no longer what the caller saw: etag "" is whatever it is now. Runs
// that were due before stay due.
func (s *Plans) Replace(ctx context.Context, p Plan, etag string) (PlanStatus, error) {
	return s.change(ctx, p.ID, etag, func(before PlanStatus, schedule *client.Schedule) error {
		p.CreatedAt = before.CreatedAt
		spec, err := p.Schedule.Spec(time.Now())
		if err != nil {
			return err
		}
		schedule.Spec, schedule.Action = &spec, s.action(p)
		if schedule.Policy == nil {
			schedule.Policy = &client.SchedulePolicies{}
		}
		schedule.Policy.CatchupWindow = p.catchUp()
		return nil
	})
}

// Pause keeps a plan from running until it is resumed.
func (s *Plans) Pause(ctx context.Context, id, note string) (PlanStatus, error) {
	return s.change(ctx, id, "", func(_ PlanStatus, schedule *client.Schedule) error {
		schedule.State.Paused, schedule.State.Note = true, note
		return nil
	})
}

// Resume lets a plan run again. What was due meanwhile is not made up for.
func (s *Plans) Resume(ctx context.Context, id string) (PlanStatus, error) {
	return s.change(ctx, id, "", func(_ PlanStatus, schedule *client.Schedule) error {
		schedule.State.Paused, schedule.State.Note = false, ""
		return nil
	})
}

// change edits a schedule. Temporal refuses it when somebody else did meanwhile, and it is tried again.
func (s *Plans) change(ctx context.Context, id, etag string, edit func(before PlanStatus, schedule *client.Schedule) error) (PlanStatus, error) {
	var refused error
	err := s.Temporal.ScheduleClient().GetHandle(ctx, scheduleID(id)).Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		before, err := s.planned(&in.Description)
		if err == nil && etag != "" && etag != before.ETag {
			err = &ErrPreconditionFailed{}
		}
		if err == nil {
			if in.Description.Schedule.State == nil {
				in.Description.Schedule.State = &client.ScheduleState{}
			}
			err = edit(before, &in.Description.Schedule)
		}
		refused = err
		return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, err
	}})
	if refused != nil {
		return PlanStatus{}, refused
	}
	if err != nil {
		return PlanStatus{}, known(err)
	}
	return s.Get(ctx, id)
}

// ErrPreconditionFailed is the refusal to overwrite what the caller has not seen.
type ErrPreconditionFailed struct{}

// Error implements error.
func (*ErrPreconditionFailed) Error() string { return "the plan was changed meanwhile: read it again" }

// Delete removes a plan; what it made stays.
func (s *Plans) Delete(ctx context.Context, id string) error {
	return known(s.Temporal.ScheduleClient().GetHandle(ctx, scheduleID(id)).Delete(ctx))
}

func known(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fault.New(fault.NotFound, nil, "there is no such plan")
	}
	return unavailable(err)
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, err, "Temporal does not answer")
}
