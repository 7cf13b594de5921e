//go:build acceptance

package hosts_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/deploy"
	"mycloudmanager/test/acceptance/hosts/hostlab"
)

func files(texts map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range texts {
		out[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return out
}

// state prints everything on a host that enrollment may change and must restore.
const state = `dpkg-query -W -f '${Package} ${db:Status-Status}\n' | grep -v ' not-installed'; getent passwd; getent group; ls -a /home /etc/sudoers.d /var/lib /tmp 2>/dev/null | grep -v systemd-private
find /etc -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock ! -name mailcap ! -name shells -exec sha256sum {} + | sort -k2`

func enrollHost(t *testing.T, m *manager, n int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "./server-id.sh", fmt.Sprint(n), serverID(n)).CombinedOutput()
	require.NoError(t, err, string(out))
	begin := time.Now()
	said := hostlab.MustOn(t, n, m.command(n, m.token(n)))
	require.Contains(t, said, "mcm: enrolled", said)
	t.Logf("%s enrolled in %.1f s", hostlab.Name(n), time.Since(begin).Seconds())
}

func TestEnrollment(t *testing.T) {
	m := newManager(t)
	each(t, func(t *testing.T, n int) {
		hostlab.MustOn(t, n, "true")
		if out, err := hostlab.On(t, n, "test ! -e /var/lib/mcm-enroll"); err != nil {
			t.Fatalf("the host is enrolled already: down.sh --purge and up.sh first %s", out)
		}
		before := hostlab.MustOn(t, n, state)

		out, err := hostlab.On(t, n, m.command(n, "mcm_enr_wrong"))
		require.Error(t, err)
		require.Contains(t, out, "neither the metadata service", "it is not told which server it is yet")
		_, err = hostlab.On(t, n, "id mcm")
		require.Error(t, err, "nobody is made for a host that is refused")

		enrollHost(t, m, n)
		m.mu.Lock()
		facts := m.facts[serverID(n)]
		m.mu.Unlock()
		require.Equal(t, hostlab.Name(n), facts["hostname"])
		require.Equal(t, "debian", facts["distribution"])
		require.Contains(t, facts["addresses"], hostlab.Address(n))
		require.Regexp(t, `^3\.\d+\.\d+$`, facts["python"])
		require.Equal(t, m.public+"\n", hostlab.MustOn(t, n, "cat /home/mcm/.ssh/authorized_keys"))
		require.Contains(t, hostlab.MustOn(t, n, "getent shadow mcm"), "mcm:*:", "no password fits, and the account is not locked")
		hostlab.MustOn(t, n, "visudo -cq && test \"$(stat -c '%a %U' /etc/sudoers.d/mcm)\" = '440 root' && test ! -e /etc/sudoers.d/mcm.new")

		out, err = hostlab.On(t, n, m.command(n, "mcm_enr_wrong"))
		require.Error(t, err)
		require.Contains(t, out, "the manager refuses: the token is not known, or it was used")
		require.Contains(t, hostlab.MustOn(t, n, m.command(n, m.token(n))), "mcm: enrolled", "once more is no fault")

		output := hostlab.MustOn(t, n, strings.Replace(strings.Replace(m.command(n, "-"), "| sh", "| sh -s -- --uninstall", 1), `echo "MCM_TOKEN=-"; `, "", 1))
		require.Contains(t, output, "mcm: removed")
		require.NotContains(t, output, "these packages stay")
		require.Equal(t, before, hostlab.MustOn(t, n, state), "%s", output)

		out, err = hostlab.On(t, n, strings.Replace(m.command(n, "x"), "/api/v1/enroll.sh", "/nothing", 1))
		require.Error(t, err, "a download that failed is loud")
		require.Contains(t, out, "cannot fetch enroll.sh")
	})
	require.Empty(t, m.shown, "a token was in an argument or an environment")
}

// TestEnrollment_keeps_existing_user: an existing user with the same name is not taken over.
func TestEnrollment_keeps_existing_user(t *testing.T) {
	m := newManager(t)
	hostlab.MustOn(t, 1, "useradd mcm")
	defer hostlab.MustOn(t, 1, "userdel mcm")
	out, err := hostlab.On(t, 1, m.command(1, m.token(1)))
	require.Error(t, err)
	require.Contains(t, out, "there is a user mcm that enrollment did not make")
}

// TestCloudConfig: a new host enrolls itself on its first boot.
func TestCloudConfig(t *testing.T) {
	m := newManager(t)
	raw, err := deploy.Files.ReadFile("enroll/cloud-config.yaml")
	require.NoError(t, err)
	const n = 7 // bookworm
	file := filepath.Join(t.TempDir(), "user-data")
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer("@MCM_URL@", m.URL, "@MCM_TOKEN@", m.token(n)).Replace(string(raw))), 0o600))
	out, err := exec.CommandContext(t.Context(), "./server-id.sh", fmt.Sprint(n), serverID(n)).CombinedOutput()
	require.NoError(t, err, string(out))
	up := exec.CommandContext(t.Context(), "./host-up.sh", fmt.Sprint(n))
	up.Env = append(os.Environ(), "MCM_USER_DATA="+file)
	begin := time.Now()
	out, err = up.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Eventually(t, func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return strings.Contains(m.status[serverID(n)], "succeeded")
	}, 3*time.Minute, time.Second)
	t.Logf("%s enrolled %.1f s after its first boot", hostlab.Name(n), time.Since(begin).Seconds())
	require.Contains(t, hostlab.MustOn(t, n, "cloud-init status --wait"), "status: done")
	hostlab.MustOn(t, n, "test ! -e /run/mcm-enroll && cloud-init schema --system >/dev/null")
	require.Empty(t, m.shown)
}
