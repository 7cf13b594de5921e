//go:build acceptance

// Package hostlab is what tests on the real hosts share: commands on them, and of every app that has an agent the half that the
// agents speak to.
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

// Left prints what an agent may change on a host, and must not have changed when it is gone. Logs, caches and package lists do not count.
const Left = `dpkg-query -W -f '${Package} ${db:Status-Status}\n' | grep ' installed'; getent passwd | cut -d: -f1,6,7 | sort; getent group | cut -d: -f1 | sort; ls /home /var/lib/mcm-agents /var/spool/rsyslog 2>/dev/null
ls /etc/systemd/system/*.wants | sort; find /etc -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock ! -name mailcap ! -path '/etc/ssl/*' ! -name ca-certificates.conf -exec sha256sum {} + | sort -k2`

// On runs a command as root on the nth host, as its console would.
func On(t testing.TB, n int, command string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), Script(t, "exec.sh"), fmt.Sprint(n), "sh", "-c", command).CombinedOutput()
	return string(out), err
}

// MustOn is On for commands that do not fail.
func MustOn(t testing.TB, n int, command string) string {
	t.Helper()
	out, err := On(t, n, command)
	require.NoError(t, err, "%s: %s: %s", Name(n), command, out)
	return out
}
