package workflows

import (
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/enrollment"
)

// EnrollmentToken is one token: it lives until its time has passed or it is revoked, and says who
// may use it. A use is an update, so that of two who come at once one is the first.
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
