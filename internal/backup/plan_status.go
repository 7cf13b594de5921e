package backup

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
)

// ObservationMemo is where the round that looks at plans leaves what it has seen, by plan.
const ObservationMemo = "seen"

// Observation returns what the last check of all plans observed, by plan ID; nil before the first check. The workflow that
// makes looks now is listed first; before its first, what there is is that of the one before.
func (s *Plans) Observation(ctx context.Context) (map[string]PlanObservation, error) {
	answer, err := s.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 2, Query: "WorkflowType = 'CheckPlanHealth'"})
	if err != nil {
		return nil, unavailable(err)
	}
	seen := map[string]PlanObservation{}
	for _, e := range answer.Executions {
		if payload := e.Memo.GetFields()[ObservationMemo]; payload != nil {
			err := s.Converter.FromPayload(payload, &seen)
			return seen, err
		}
	}
	return seen, nil
}

// PlanObservation is what a look at a plan has seen: the next one tells what is new by it.
type PlanObservation struct {
	Missed         int       `json:"missed"`                 // runs, each counted once
	Until          time.Time `json:"until,omitzero"`         // due times up to then are accounted for
	Counter        int       `json:"counter"`                // Temporal's, of missed runs
	OverlapSkipped int       `json:"overlap_skipped"`        // and of those that were skipped while another was running
	OverdueSince   time.Time `json:"overdue_since,omitzero"` // since when
	NotifiedUntil  bool      `json:"notified,omitempty"`     // that it is stale
}

// PlanAlerts is what a look at a plan has to tell.
type PlanAlerts struct {
	Missed  int // runs since the look before
	Overdue bool
}

// Diff says what is new since the look before, which is nil when that one did not have the plan. What
// was missed before anybody looked for the first time is not news. A plan is called stale when two looks in a
// row find it so: a run that makes up for lost time may just be starting.
func (p PlanStatus) Diff(before *PlanObservation, first bool, overdue []OverdueInstance, now time.Time) (PlanObservation, PlanAlerts, error) {
	was := PlanObservation{Until: p.CreatedAt}
	switch {
	case before != nil:
		was = *before
	case first:
		was = PlanObservation{Until: p.decided(now), Missed: p.Missed, Counter: p.Missed, OverlapSkipped: p.OverlapSkipped}
	}
	seen := PlanObservation{Counter: p.Missed, OverlapSkipped: p.OverlapSkipped}
	var news PlanAlerts
	var err error
	news.Missed, seen.Until, err = p.missedSince(was, now)
	seen.Missed = was.Missed + news.Missed
	if len(overdue) > 0 {
		seen.OverdueSince, seen.NotifiedUntil = overdue[0].Since, was.NotifiedUntil
		if !was.OverdueSince.IsZero() && !was.NotifiedUntil {
			seen.NotifiedUntil, news.Overdue = true, true
		}
	}
	return seen, news, err
}

const (
	// maxMissed bounds what is counted after a very long rest.
	maxMissed   = 100_000
	maxDueTimes = 500
)

// missedSince counts the runs that were missed since the look before, and says up to when due times are
// accounted for. Temporal's own counter tells that there were some, but not how many: it counts the same
// again each time that the schedule wakes up before its next run.
func (p PlanStatus) missedSince(was PlanObservation, now time.Time) (int, time.Time, error) {
	until := was.Until
	if p.Missed <= was.Counter {
		if n := len(p.Ran); n > 0 && p.Ran[n-1].After(until) {
			until = p.Ran[n-1]
		}
		return 0, until, nil
	}
	if p.ChangedAt.After(until) { // what was due before an edit, or while it was paused, is not missed
		until = p.ChangedAt
	}
	missed, end := -max(p.OverlapSkipped-was.OverlapSkipped, 0), p.decided(now)
	for counted := 0; counted < maxMissed; {
		due, err := p.Schedule.Next(until, maxDueTimes)
		if err != nil {
			return 0, was.Until, err
		}
		for _, o := range due {
			if o.At.After(end) {
				return p.limitMissed(missed, was), until, nil
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
	return p.limitMissed(missed, was), until, nil
}

// limitMissed is a count within what Temporal says at the most.
func (p PlanStatus) limitMissed(missed int, was PlanObservation) int {
	return min(max(missed, 0), p.Missed-was.Counter)
}

// decided is up to when due times have come to a run, or to none.
func (p PlanStatus) decided(now time.Time) time.Time {
	return now.Add(-max(p.catchUp(), time.Duration(p.Schedule.Jitter)*time.Second))
}

// ranAt reports whether one of the last runs was that of the due time.
func (p PlanStatus) ranAt(due time.Time) bool {
	last := due.Add(time.Duration(p.Schedule.Jitter) * time.Second)
	for _, t := range p.Ran {
		if !t.Before(due) && !t.After(last) {
			return true
		}
	}
	return false
}
