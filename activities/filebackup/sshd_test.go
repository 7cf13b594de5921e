package filebackup_test

import (
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	instancessh "mycloudmanager/internal/instance/ssh"
)

// sshd is the path of OpenSSH's server.
const sshd = "/usr/sbin/sshd"

// theirs replaces our SSH server by OpenSSH's, because ours takes twice the CPU time for a tunnel. OpenSSH's server runs with a
// private /run and a passwd file with the user of instances.
func (h *host) theirs(tb testing.TB) {
	tb.Helper()
	require.Zero(tb, os.Geteuid(), "this must be run as root: %s lets in another user", sshd)
	_, err := os.Stat(sshd)
	require.NoError(tb, err, "install openssh-server first")
	key := privateKey(tb)
	h.key = signerOf(tb, key)
	block, err := ssh.MarshalPrivateKey(key, "")
	require.NoError(tb, err)
	at := func(name string) string { return filepath.Join(h.dir, name) }
	write := func(name, text string) { require.NoError(tb, os.WriteFile(at(name), []byte(text), 0o600)) }
	write("host_key", string(pem.EncodeToMemory(block)))
	write("authorized_keys", string(ssh.MarshalAuthorizedKey(h.lets)))
	write("passwd", fmt.Sprintf("root:x:0:0::/root:/bin/sh\n%s:x:0:0::%s:/bin/sh\nsshd:x:65534:65534::/run/sshd:/bin/false\n", instancessh.User, h.dir))
	require.NoError(tb, os.Chmod(at("passwd"), 0o644))
	write("sshd_config", fmt.Sprintf("HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin prohibit-password\nPidFile none\nSetEnv PATH=%s\n",
		at("host_key"), at("authorized_keys"), h.path))
	h.handle = func(conn net.Conn) {
		defer func() { _ = conn.Close() }()
		socket, err := conn.(*net.TCPConn).File()
		if err != nil {
			return
		}
		defer func() { _ = socket.Close() }()
		cmd := exec.Command("unshare", "--mount", "sh", "-c",
			`mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && mount --bind "$1/passwd" /etc/passwd && exec "$2" -i -f "$1/sshd_config"`, "sh", h.dir, sshd)
		cmd.Stdin, cmd.Stdout = socket, socket
		_ = cmd.Run() // the caller sees the result
	}
}
