package heat

import (
	"context"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// DeleteStackCredential deletes the application credential of the stack's cluster. It is idempotent and tolerates absence.
// Only the owner may delete a credential: if another user deletes the stack, the credential is kept and the step reports
// it.
func (a *Activities) DeleteStackCredential(ctx context.Context, in Ref) (string, error) {
	s, err := a.remover(ctx, in.UserToken)
	if err != nil {
		return "", err
	}
	err = DeleteCredential(ctx, s, CredentialName(in.Name))
	if fault.KindOf(err) == fault.Forbidden {
		message := "the application credential " + CredentialName(in.Name) + " could not be deleted with this sign-in; its owner can"
		operation.ReportProgress(ctx, message)
		return message, nil
	}
	return "", err
}
