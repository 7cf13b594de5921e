package heat

import (
	"context"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// DeleteStackCredential deletes the application credential of the stack's cluster. It is idempotent and tolerates absence.
// Only the owner may delete a credential: if another user deletes the stack, the credential is kept and the step reports
// it.
func (a *Activities) DeleteStackCredential(ctx context.Context, in Ref) (i18n.Message, error) {
	s, err := a.remover(ctx, in.UserToken)
	if err != nil {
		return i18n.Message{}, err
	}
	err = DeleteCredential(ctx, s, CredentialName(in.Name))
	if fault.KindOf(err) == fault.Forbidden {
		message := i18n.Messagef("the application credential %s could not be deleted with this sign-in; its owner can", CredentialName(in.Name))
		operation.ReportProgress(ctx, message)
		return message, nil
	}
	return i18n.Message{}, err
}
