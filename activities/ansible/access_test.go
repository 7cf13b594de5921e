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

// removed plays an unenrollment on a host that answers each command with a status, and closes when the last was asked.
func removed(t *testing.T, answers ...uint32) error {
	t.Helper()
	signer, key := ansibletest.NewKey(t)
	h := ansibletest.Start(t, signer.PublicKey())
	h.Answers = func(string) uint32 {
		status := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
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

// A host that is asked in the moment when its user goes has let the manager in and then fails: it is asked once more.
func TestAccessIsGoneAlsoWhenItGoesWhileItIsLookedFor(t *testing.T) {
	require.NoError(t, removed(t, 0))
	require.NoError(t, removed(t, 0, 254, 0))
	require.ErrorContains(t, removed(t, 0, 254), "192.0.2.1", "one that goes on failing is told")
}
