//go:build acceptance

// Package hostlab is shared by tests on the real hosts: it runs commands on them and starts a server for each
// app that has an agent.
package hostlab

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
)

// Gateway is this machine on the hosts' network.
const Gateway = "10.77.0.1"

// Address is the nth host's, from 1.
func Address(n int) string { return fmt.Sprintf("10.77.0.%d", 10+n) }

// Name is the nth host's.
func Name(n int) string { return fmt.Sprintf("mcm-host-%d", n) }

// Script is a script of test/acceptance/hosts, wherever in the project the test is.
func Script(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(temporaltest.Root(t), "test/acceptance/hosts", name)
}

// Left prints everything on a host that an agent may change and must restore when it is removed, except logs,
// caches and package lists.
const Left = `dpkg-query -W -f '${Package} ${db:Status-Status}\n' | grep ' installed'; getent passwd | cut -d: -f1,6,7 | sort; getent group | cut -d: -f1 | sort; ls /home /var/lib/mcm-agents /var/spool/rsyslog 2>/dev/null
ls /etc/systemd/system/*.wants | sort; find /etc -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock ! -name mailcap ! -path '/etc/ssl/*' ! -name ca-certificates.conf -exec sha256sum {} + | sort -k2`

// On runs a command as root on the nth host.
func On(t testing.TB, n int, command string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), Script(t, "exec.sh"), fmt.Sprint(n), "sh", "-c", command).CombinedOutput()
	return string(out), err
}

// MustOn is On for commands that must succeed.
func MustOn(t testing.TB, n int, command string) string {
	t.Helper()
	out, err := On(t, n, command)
	require.NoError(t, err, "%s: %s: %s", Name(n), command, out)
	return out
}
