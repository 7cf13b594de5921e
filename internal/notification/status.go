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
	temporalclient "mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/i18n"
)

// StatusReader returns the channels with the result of the last delivery to each, from the memos of the delivery
// workflows.
type StatusReader struct {
	Notifier  *Notifier
	Temporal  client.Client
	Namespace string
	Converter converter.DataConverter
}

// ChannelStatus is a channel with its last delivery.
type ChannelStatus struct {
	Channel
	Last *Delivery `json:"last,omitempty" doc:"none when nothing was ever sent there"`
}

// Delivery is the last delivery to a channel.
type Delivery struct {
	Status      Status       `json:"status" enum:"delivered,retrying,failed" doc:"retrying: repeated for up to a day"`
	Reason      i18n.Message `json:"reason,omitzero"`
	AttemptedAt time.Time    `json:"attempted_at"`
	Kind        Kind         `json:"kind" enum:"failed,partially_failed,missed,overdue,recovered,test"`
	PlanName    string       `json:"plan_name,omitempty"`
}

// maxNotifications is the number of deliveries that are read, newest first.
const maxNotifications = 100

// deliveries is the visibility query for workflows that deliver, without those that had nothing to send.
const deliveries = "WorkflowType IN ('SendNotification', 'TestNotifications') AND " + operation.OutcomeKey + " IN ('running', 'succeeded', 'failed', 'partially_failed', 'cancelled')"

// Channels returns the configured channels, with one request to Temporal, and one for each channel with a delivery in
// progress.
func (b *StatusReader) Channels(ctx context.Context) ([]ChannelStatus, error) {
	list := []ChannelStatus{}
	for _, c := range b.Notifier.Channels() {
		list = append(list, ChannelStatus{Channel: c})
	}
	if len(list) == 0 {
		return list, nil
	}
	response, err := b.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: b.Namespace, PageSize: maxNotifications, Query: deliveries})
	if err != nil {
		return nil, temporalclient.Unavailable(err)
	}
	running := make([]*workflowpb.WorkflowExecutionInfo, len(list))
	for _, info := range response.Executions {
		var r Record
		payload := info.Memo.GetFields()[Memo]
		if payload == nil || b.Converter.FromPayload(payload, &r) != nil {
			continue
		}
		for i := range list {
			if list[i].add(r) {
				running[i] = info
			}
		}
	}
	for i := range list {
		if last := list[i].Last; last != nil && last.Status == Retrying {
			b.explain(ctx, running[i], &list[i])
		}
	}
	return list, nil
}

// add records a delivery to a channel if it is newer than the known one.
func (s *ChannelStatus) add(r Record) bool {
	for _, o := range r.Channels {
		if o.ID == s.ID && (s.Last == nil || o.AttemptedAt.After(s.Last.AttemptedAt)) {
			s.Last = &Delivery{Status: o.Status, Reason: o.Reason, AttemptedAt: o.AttemptedAt, Kind: r.Kind, PlanName: r.Plan.Name}
			return true
		}
	}
	return false
}

// explain sets the reason why a delivery has not succeeded yet. A delivery that was terminated has failed.
func (b *StatusReader) explain(ctx context.Context, info *workflowpb.WorkflowExecutionInfo, s *ChannelStatus) {
	if info.Status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		s.Last.Status = DeliveryFailed
		return
	}
	d, err := b.Temporal.DescribeWorkflowExecution(ctx, info.Execution.WorkflowId, info.Execution.RunId)
	if err != nil {
		return // it has ended; the next request shows it
	}
	for _, p := range d.PendingActivities {
		if p.ActivityId == s.ID && p.LastFailure != nil {
			c := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: b.Converter, EncodeCommonAttributes: true})
			s.Last.Reason = fault.MessageOf(c.FailureToError(p.LastFailure))
		}
	}
}
