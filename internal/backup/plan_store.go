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
	temporalclient "mycloudmanager/internal/operation/temporal"
)

// Plans stores backup plans as Temporal schedules. The plan itself is the input of the workflow that the schedule starts, so
// that no second copy exists.
type Plans struct {
	Temporal  client.Client
	TaskQueue string
	Converter converter.DataConverter
}

// WorkflowType is the type of the workflow that a plan's schedule starts.
const WorkflowType = "ScheduledBackup"

// PlanStatus is a plan with the status of its schedule.
type PlanStatus struct {
	Plan
	Paused bool
	Note   string // the reason given for the pause
	// Missed is Temporal's counter of runs that missed the catch-up window. Temporal may count a run more than once.
	Missed         int
	OverlapSkipped int // runs skipped because the previous run was still in progress
	ETag           string
	// Ran holds the scheduled times, including jitter, of the most recent runs, oldest first.
	Ran []time.Time
	// ChangedAt is the time at which the plan was last edited, paused or resumed. It is zero if the plan was never changed.
	ChangedAt time.Time
}

const (
	idPrefix = "plan:"
	// minCatchUpWindow is the minimum that Temporal accepts.
	minCatchUpWindow       = 10 * time.Second
	maxConcurrentDescribes = 8
)

func scheduleID(plan string) string { return idPrefix + plan }

// Create creates the schedule of a plan. The error is a Conflict fault if a plan with the same ID exists.
func (s *Plans) Create(ctx context.Context, p Plan) (PlanStatus, error) {
	spec, err := p.Schedule.Spec(time.Now())
	if err != nil {
		return PlanStatus{}, err
	}
	_, err = s.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: scheduleID(p.ID), Spec: spec, Action: s.action(p), CatchupWindow: p.catchUp(),
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return PlanStatus{}, fault.New(fault.Conflict, nil, "a plan with this ID already exists")
	}
	if err != nil {
		return PlanStatus{}, temporalclient.Unavailable(err)
	}
	return s.Get(ctx, p.ID)
}

func (p Plan) catchUp() time.Duration {
	return max(time.Duration(p.CatchUp)*time.Second, minCatchUpWindow)
}

func (s *Plans) action(p Plan) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{ID: "scheduled:" + p.ID, Workflow: WorkflowType, Args: []any{p}, TaskQueue: s.TaskQueue}
}

// Get returns the plan with the given ID. The error is a NotFound fault if the plan does not exist.
func (s *Plans) Get(ctx context.Context, id string) (PlanStatus, error) {
	d, err := s.Temporal.ScheduleClient().GetHandle(ctx, scheduleID(id)).Describe(ctx)
	if err != nil {
		return PlanStatus{}, faultOf(err)
	}
	return s.statusOf(d)
}

// statusOf reads a plan and its status from the description of its schedule.
func (s *Plans) statusOf(d *client.ScheduleDescription) (PlanStatus, error) {
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

// etag returns a hash of everything that an edit could overwrite.
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

// List returns at most n plans, sorted by ID, whose IDs are greater than after. more reports whether further plans exist.
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
			if fault.KindOf(err) == fault.NotFound { // deleted in the meantime
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

// ids returns the IDs of all plans, sorted. IDs start with the creation time, so the oldest plan is first.
func (s *Plans) ids(ctx context.Context) ([]string, error) {
	all, err := s.Temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 1000})
	if err != nil {
		return nil, temporalclient.Unavailable(err)
	}
	var ids []string
	for all.HasNext() {
		entry, err := all.Next()
		if err != nil {
			return nil, temporalclient.Unavailable(err)
		}
		if id, ok := strings.CutPrefix(entry.ID, idPrefix); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Replace replaces a plan if its current ETag equals etag. With the etag "" it replaces the plan unconditionally. The error is
// an ErrPreconditionFailed if the ETag differs. Missed runs within the catch-up window are still started.
func (s *Plans) Replace(ctx context.Context, p Plan, etag string) (PlanStatus, error) {
	return s.change(ctx, p.ID, etag, func(current *PlanStatus, schedule *client.Schedule) error {
		p.CreatedAt = current.CreatedAt
		current.Plan = p
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

// Pause suspends the schedule of a plan until Resume is called.
func (s *Plans) Pause(ctx context.Context, id, note string) (PlanStatus, error) {
	return s.change(ctx, id, "", func(current *PlanStatus, schedule *client.Schedule) error {
		current.Paused, current.Note = true, note
		schedule.State.Paused, schedule.State.Note = true, note
		return nil
	})
}

// Resume resumes the schedule of a plan. Runs that were due during the pause are not started.
func (s *Plans) Resume(ctx context.Context, id string) (PlanStatus, error) {
	return s.change(ctx, id, "", func(current *PlanStatus, schedule *client.Schedule) error {
		current.Paused, current.Note = false, ""
		schedule.State.Paused, schedule.State.Note = false, ""
		return nil
	})
}

// maxConflicts is the number of attempts of a change that other changes precede.
const maxConflicts = 5

// change reads a schedule, checks its ETag, calls edit and writes the edited schedule. edit changes the schedule and the status
// alike. Temporal drops an update without an error if the schedule was changed after it was read. So change reads the schedule
// again, and repeats a dropped update: no change is lost, and of two changes with the same ETag one fails.
func (s *Plans) change(
	ctx context.Context, id, etag string, edit func(current *PlanStatus, schedule *client.Schedule) error,
) (PlanStatus, error) {
	for range maxConflicts {
		want, err := s.update(ctx, id, etag, edit)
		if err != nil {
			return PlanStatus{}, err
		}
		got, err := s.Get(ctx, id)
		if err != nil || got.ETag == want {
			return got, err
		}
	}
	return PlanStatus{}, fault.New(fault.Unavailable, nil, "the plan is being changed by others: try again")
}

// update writes the edited schedule, and returns the ETag that it has if Temporal applies the update.
func (s *Plans) update(
	ctx context.Context, id, etag string, edit func(current *PlanStatus, schedule *client.Schedule) error,
) (want string, err error) {
	var editErr error
	do := func(input client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		current, err := s.statusOf(&input.Description)
		if err == nil && etag != "" && etag != current.ETag {
			err = &ErrPreconditionFailed{}
		}
		if err == nil {
			if input.Description.Schedule.State == nil {
				input.Description.Schedule.State = &client.ScheduleState{}
			}
			err = edit(&current, &input.Description.Schedule)
		}
		editErr, want = err, current.etag()
		return &client.ScheduleUpdate{Schedule: &input.Description.Schedule}, err
	}
	handle := s.Temporal.ScheduleClient().GetHandle(ctx, scheduleID(id))
	err = handle.Update(temporalclient.WithConflictToken(ctx), client.ScheduleUpdateOptions{DoUpdate: do})
	if editErr != nil {
		return "", editErr
	}
	if err != nil {
		return "", faultOf(err)
	}
	return want, nil
}

// ErrPreconditionFailed is returned by Replace if the plan has changed since the caller read it.
type ErrPreconditionFailed struct{}

// Error implements error.
func (*ErrPreconditionFailed) Error() string {
	return "the plan was changed in the meantime: read it again"
}

// Delete deletes a plan. The backups of the plan are kept.
func (s *Plans) Delete(ctx context.Context, id string) error {
	return faultOf(s.Temporal.ScheduleClient().GetHandle(ctx, scheduleID(id)).Delete(ctx))
}

// faultOf converts an error of Temporal to a fault.
func faultOf(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fault.New(fault.NotFound, nil, "there is no such plan")
	}
	return temporalclient.Unavailable(err)
}
