package ansible_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	activities "mycloudmanager/activities/ansible"
	"mycloudmanager/internal/instance/ansible/ansibletest"
	"mycloudmanager/internal/instance/ssh"
)

// removed runs RemoveAccess on a host that returns the given exit status for each command, and closes after the last.
func removed(t *testing.T, statuses ...uint32) error {
	t.Helper()
	signer, key := ansibletest.NewKey(t)
	h := ansibletest.Start(t, signer.PublicKey())
	h.Responses = func(string) uint32 {
		status := statuses[0]
		if len(statuses) > 1 {
			statuses = statuses[1:]
		} else {
			h.Closed.Store(status == 0)
		}
		return status
	}
	straight := &ssh.KubeconfigProvider{Kubeconfig: "none", Signer: signer, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", h.Port))
	}}
	a := &activities.Activities{SSH: &ssh.Dialer{Kubeconfig: straight, Key: key}, PollInterval: time.Millisecond}
	_, err := a.RemoveAccess(t.Context(), activities.SSHTarget{Address: "192.0.2.1", HostKey: h.Key})
	return err
}

// A host whose user is removed after the sign-in fails the command: RemoveAccess tries once more.
func TestRemoveAccess_removed_after_sign_in(t *testing.T) {
	require.NoError(t, removed(t, 0))
	require.NoError(t, removed(t, 0, 254, 0))
	require.ErrorContains(t, removed(t, 0, 254), "192.0.2.1", "a persistent failure is returned")
}
