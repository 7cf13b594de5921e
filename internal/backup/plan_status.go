package backup

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	temporalclient "mycloudmanager/internal/operation/temporal"
)

// ObservationMemo is the memo key under which the CheckPlanHealth workflow stores its observations by plan ID.
const ObservationMemo = "seen"

// Observation returns the observations of the last check of all plans by plan ID. The map is empty before the first check.
// The newest run of CheckPlanHealth is listed first; if it has not stored observations yet, those of the previous run apply.
func (s *Plans) Observation(ctx context.Context) (map[string]PlanObservation, error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: 2, Query: "WorkflowType = 'CheckPlanHealth'"}
	response, err := s.Temporal.ListWorkflow(ctx, request)
	if err != nil {
		return nil, temporalclient.Unavailable(err)
	}
	observations := map[string]PlanObservation{}
	for _, e := range response.Executions {
		if payload := e.Memo.GetFields()[ObservationMemo]; payload != nil {
			err := s.Converter.FromPayload(payload, &observations)
			return observations, err
		}
	}
	return observations, nil
}

// PlanObservation is the state of a plan at a check. The next check is compared with it to detect changes.
type PlanObservation struct {
	Missed         int       `json:"missed"`                 // missed runs, each counted once
	Until          time.Time `json:"until,omitzero"`         // due times up to this time are already counted
	Counter        int       `json:"counter"`                // Temporal's counter of missed runs
	OverlapSkipped int       `json:"overlap_skipped"`        // Temporal's counter of runs skipped because the previous one was running
	OverdueSince   time.Time `json:"overdue_since,omitzero"` // zero if no instance is overdue
	NotifiedUntil  bool      `json:"notified,omitempty"`     // the overdue notification was sent
}

// PlanAlerts are the new problems that a check of a plan found.
type PlanAlerts struct {
	Missed  int  // runs missed since the previous check
	Overdue bool // the plan has become overdue
}

// Diff compares the plan with the observation of the previous check and returns the new observation and the new problems.
// before is nil if the previous check did not include the plan. first marks the first check of all plans, which does not
// report runs missed before it. A plan is reported as overdue only when two consecutive checks find it overdue, because a
// catch-up run may be about to start.
func (p PlanStatus) Diff(before *PlanObservation, first bool, overdue []OverdueInstance, now time.Time) (PlanObservation, PlanAlerts, error) {
	previous := PlanObservation{Until: p.CreatedAt}
	switch {
	case before != nil:
		previous = *before
	case first:
		previous = PlanObservation{Until: p.decided(now), Missed: p.Missed, Counter: p.Missed, OverlapSkipped: p.OverlapSkipped}
	}
	observed := PlanObservation{Counter: p.Missed, OverlapSkipped: p.OverlapSkipped}
	var alerts PlanAlerts
	var err error
	alerts.Missed, observed.Until, err = p.missedSince(previous, now)
	observed.Missed = previous.Missed + alerts.Missed
	if len(overdue) > 0 {
		observed.OverdueSince, observed.NotifiedUntil = overdue[0].Since, previous.NotifiedUntil
		if !previous.OverdueSince.IsZero() && !previous.NotifiedUntil {
			observed.NotifiedUntil, alerts.Overdue = true, true
		}
	}
	return observed, alerts, err
}

const (
	// maxMissed limits the number of due times counted after a long downtime.
	maxMissed   = 100_000
	maxDueTimes = 500
)

// missedSince returns the number of runs missed since the previous check, and the time up to which due times are counted.
// Temporal's counter shows only whether runs were missed, not how many: the scheduler counts the same missed run again
// whenever it wakes up before the next run.
func (p PlanStatus) missedSince(previous PlanObservation, now time.Time) (int, time.Time, error) {
	until := previous.Until
	if p.Missed <= previous.Counter {
		if n := len(p.Ran); n > 0 && p.Ran[n-1].After(until) {
			until = p.Ran[n-1]
		}
		return 0, until, nil
	}
	if p.ChangedAt.After(until) { // runs due before an edit or during a pause are not missed
		until = p.ChangedAt
	}
	missed, end := -max(p.OverlapSkipped-previous.OverlapSkipped, 0), p.decided(now)
	for counted := 0; counted < maxMissed; {
		due, err := p.Schedule.Next(until, maxDueTimes)
		if err != nil {
			return 0, previous.Until, err
		}
		for _, o := range due {
			if o.At.After(end) {
				return p.limitMissed(missed, previous), until, nil
			}
			until = o.At
			counted++
			if !p.ranAt(until) {
				missed++
			}
		}
		if len(due) == 0 {
			break
		}
	}
	return p.limitMissed(missed, previous), until, nil
}

// limitMissed limits a count to the increase of Temporal's counter, which is the maximum.
func (p PlanStatus) limitMissed(missed int, previous PlanObservation) int {
	return min(max(missed, 0), p.Missed-previous.Counter)
}

// decided returns the time up to which every due time has either started a run or been missed for good.
func (p PlanStatus) decided(now time.Time) time.Time {
	return now.Add(-max(p.catchUp(), time.Duration(p.Schedule.Jitter)*time.Second))
}

// ranAt reports whether one of the recent runs was started for the due time.
func (p PlanStatus) ranAt(due time.Time) bool {
	last := due.Add(time.Duration(p.Schedule.Jitter) * time.Second)
	for _, t := range p.Ran {
		if !t.Before(due) && !t.After(last) {
			return true
		}
	}
	return false
}
