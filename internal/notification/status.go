package notification

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// Board shows the channels with what became of the last notice of each, from the memos of the workflows
// that deliver.
type Board struct {
	Sender    *Sender
	Temporal  client.Client
	Namespace string
	Converter converter.DataConverter
}

// Recipient is a channel with its last delivery.
type Recipient struct {
	Channel
	Last *Delivery `json:"last,omitempty" doc:"none when nothing was ever sent there"`
}

// Delivery is the last delivery to a channel.
type Delivery struct {
	Status Status    `json:"status" enum:"delivered,trying,failed" doc:"trying: it is repeated for a day"`
	Why    string    `json:"why,omitempty"`
	At     time.Time `json:"at"`
	Kind   Kind      `json:"kind" enum:"failed,partly_failed,missed,stale,recovered,test"`
	Plan   string    `json:"plan,omitempty" doc:"name"`
}

// lookedAt is how many deliveries are looked at, the newest first.
const lookedAt = 100

// deliveries are the workflows that send, without those that found nothing to send.
const deliveries = "WorkflowType IN ('SendNotice', 'TestNotice') AND " + operation.OutcomeKey + " IN ('running', 'succeeded', 'failed', 'partly_failed', 'cancelled')"

// Channels returns the channels that are configured, with one question to Temporal, and one more for each
// channel that is being tried.
func (b *Board) Channels(ctx context.Context) ([]Recipient, error) {
	list := []Recipient{}
	for _, c := range b.Sender.Channels() {
		list = append(list, Recipient{Channel: c})
	}
	if len(list) == 0 {
		return list, nil
	}
	answer, err := b.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: b.Namespace, PageSize: lookedAt, Query: deliveries})
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "Temporal does not answer")
	}
	running := make([]*workflowpb.WorkflowExecutionInfo, len(list))
	for _, info := range answer.Executions {
		var r Record
		payload := info.Memo.GetFields()[Memo]
		if payload == nil || b.Converter.FromPayload(payload, &r) != nil {
			continue
		}
		for i := range list {
			if list[i].heard(r) {
				running[i] = info
			}
		}
	}
	for i := range list {
		if last := list[i].Last; last != nil && last.Status == Trying {
			b.explain(ctx, running[i], &list[i])
		}
	}
	return list, nil
}

// heard takes over what a delivery says of the channel when it is newer than what is known.
func (s *Recipient) heard(r Record) bool {
	for _, o := range r.Channels {
		if o.ID == s.ID && (s.Last == nil || o.At.After(s.Last.At)) {
			s.Last = &Delivery{Status: o.Status, Why: o.Why, At: o.At, Kind: r.Kind, Plan: r.Plan.Name}
			return true
		}
	}
	return false
}

// explain says why a delivery has not yet come through. One that was ended from outside is given up.
func (b *Board) explain(ctx context.Context, info *workflowpb.WorkflowExecutionInfo, s *Recipient) {
	if info.Status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		s.Last.Status = GivenUp
		return
	}
	d, err := b.Temporal.DescribeWorkflowExecution(ctx, info.Execution.WorkflowId, info.Execution.RunId)
	if err != nil {
		return // it has ended meanwhile, or is told at the next look
	}
	for _, p := range d.PendingActivities {
		if p.ActivityId == s.ID && p.LastFailure != nil {
			c := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: b.Converter, EncodeCommonAttributes: true})
			s.Last.Why = fault.MessageOf(c.FailureToError(p.LastFailure))
		}
	}
}
