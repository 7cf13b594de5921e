package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/enrollment"
)

// EnrollmentToken represents one token. It runs until the token expires or is revoked, and decides which instance may use
// the token. Each use is a workflow update, so that concurrent uses are serialized.
func EnrollmentToken(ctx workflow.Context, t enrollment.Token) error {
	remember := func() error { return workflow.UpsertMemo(ctx, map[string]any{enrollment.TokenMemo: t}) }
	if err := workflow.SetQueryHandler(ctx, enrollment.StateQuery, func() (enrollment.Token, error) { return t, nil }); err != nil {
		return err
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, enrollment.RedeemUpdate,
		func(ctx workflow.Context, r enrollment.Redeem) (enrollment.Token, error) {
			if t.UsedBy(r.ServerID) {
				return t, nil
			}
			t.Uses = append(t.Uses, enrollment.Use{ServerID: r.ServerID, SourceIP: r.SourceIP, At: workflow.Now(ctx).UTC()})
			return t, remember()
		},
		workflow.UpdateHandlerOptions{Validator: func(ctx workflow.Context, r enrollment.Redeem) error {
			return fault.Final(t.Check(r, workflow.Now(ctx)))
		}})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandler(ctx, enrollment.RevokeUpdate, func(workflow.Context) error {
		t.Revoked = true
		return remember()
	})
	if err != nil {
		return err
	}
	_, err = workflow.AwaitWithTimeout(ctx, t.ExpiresAt.Sub(workflow.Now(ctx)), func() bool { return t.Revoked && workflow.AllHandlersFinished(ctx) })
	return err
}
