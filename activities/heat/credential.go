package heat

import (
	"context"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// DeleteStackCredential takes away the application credential that the stack's cluster used. It
// tolerates absence. Only its owner may delete one: when the stack is deleted by somebody else, the
// credential stays with its owner and the step says so.
func (a *Activities) DeleteStackCredential(ctx context.Context, in Ref) (string, error) {
	s, err := a.remover(ctx, in.UserToken)
	if err != nil {
		return "", err
	}
	err = DeleteCredential(ctx, s, CredentialName(in.Name))
	if fault.KindOf(err) == fault.Forbidden {
		said := "the application credential " + CredentialName(in.Name) + " could not be deleted with this sign-in; its owner can"
		operation.ReportProgress(ctx, said)
		return said, nil
	}
	return "", err
}
