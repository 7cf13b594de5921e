//go:build acceptance

package hostlab

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// App is the test's view of an app, in addition to its folder: the server that the agents use, and a check of
// the agents from outside.
type App struct {
	Host     string         // its address; "" is this machine
	Ports    map[string]int // by their names in app.yaml
	Settings map[string]any // parameters
	// Outside checks the agent of the nth host, whose server has the id, with the app's own client.
	Outside func(t *testing.T, n int, id string)
}

// Apps start the servers of the apps that have an agent, by name.
var Apps = map[string]func(*testing.T) App{
	"ntp": ntpAgent, "zabbix": zabbixAgent, "graylog": graylogAgent, "clamav": clamavAgent, "rundeck": rundeckAgent, "artifactory": artifactoryAgent,
}

// appHost is an additional host for servers that are packages of Debian 13: chrony and a complete Zabbix.
const appHost = 8

// installed installs packages on the app host once.
func installed(t *testing.T, packages string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), Script(t, "host-up.sh"), fmt.Sprint(appHost)).CombinedOutput()
	require.NoError(t, err, string(out))
	MustOn(t, appHost, "dpkg -s "+packages+" >/dev/null 2>&1 || { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "+packages+"; }")
}

// ntpAgent uses a real chrony as its server, on a port like a NodePort.
func ntpAgent(t *testing.T) App {
	installed(t, "chrony")
	MustOn(t, appHost, `printf 'allow 10.77.0.0/24\nlocal stratum 8\nport 30123\nbindcmdaddress 127.0.0.1\n' >/etc/chrony/chrony.conf && systemctl restart chrony && systemctl is-active chrony`)
	return App{
		Host: Address(appHost), Ports: map[string]int{"ntp": 30123},
		Outside: func(t *testing.T, n int, id string) {
			require.Contains(t, MustOn(t, n, "chronyc -n -c sources"), "^,*,"+Address(appHost))
			require.Eventually(t, func() bool {
				out, _ := On(t, appHost, "chronyc -n -c clients")
				return strings.Contains(out, Address(n)+",")
			}, 20*time.Second, time.Second, "the server does not know its client")
		},
	}
}

// graylogAgent uses a listener that accepts messages as Graylog's input does.
func graylogAgent(t *testing.T) App {
	l, err := net.Listen("tcp", Gateway+":0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	var mu sync.Mutex
	var got []string
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewReader(c)
				for {
					size, err := in.ReadString(' ') // octet counting, RFC 6587
					if err != nil {
						return
					}
					n, err := strconv.Atoi(strings.TrimSpace(size))
					if err != nil {
						return
					}
					message := make([]byte, n)
					if _, err := io.ReadFull(in, message); err != nil {
						return
					}
					mu.Lock()
					got = append(got, string(message))
					mu.Unlock()
				}
			}()
		}
	}()
	return App{
		Ports: map[string]int{"syslog": l.Addr().(*net.TCPAddr).Port},
		Outside: func(t *testing.T, n int, id string) {
			require.Eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				for _, m := range got {
					if strings.Contains(m, " "+Name(n)+" mycloudmanager") && strings.Contains(m, "log shipping of "+id+" was verified") {
						return true
					}
				}
				return false
			}, 20*time.Second, 200*time.Millisecond, "%s: its message did not arrive", Name(n))
		},
	}
}

// clamavAgent uses a mirror with databases signed by ClamAV: its sources contain them for its own tests.
func clamavAgent(t *testing.T) App {
	installed(t, "xz-utils ca-certificates")
	// Only the upstream tarball of the sources is needed; a mirror may lack the rest.
	MustOn(t, appHost, `set -e
cd /srv
[ ! -e clamav/bytecode.cvd ] || exit 0
sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >/etc/apt/sources.list.d/src.list
apt-get -q update
apt-get -q source --download-only clamav || :
mkdir -p clamav new
tar -xJf clamav_*.orig.tar.xz -C new --wildcards '*.cvd'
find new -name test-1.cvd -exec cp {} clamav/main.cvd \; -exec cp {} clamav/daily.cvd \;
find new -name bytecode.cvd -exec cp {} clamav/bytecode.cvd \;
rm -r new`)
	port, asked := serve(t, filepath.Join(stateDir(), Name(appHost), "root/srv/clamav"), "")
	return App{
		Ports: map[string]int{"mirror": port},
		Outside: func(t *testing.T, n int, id string) {
			require.Contains(t, asked(), Address(n)+" /daily.cvd")
			require.Contains(t, MustOn(t, n, "sigtool --info /var/lib/clamav/daily.c?d"), "Verification OK")
			require.Contains(t, MustOn(t, n, "clamscan --database=/var/lib/clamav /etc/hostname"), "Infected files: 0")
		},
	}
}

func stateDir() string {
	if dir := os.Getenv("MCM_HOSTS_DIR"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err.Error()
	}
	return filepath.Join(cache, "mycloudmanager/acceptance/hosts/state")
}

// serve serves a directory to the hosts; asked returns a log of the requests.
func serve(t *testing.T, dir, prefix string) (port int, asked func() string) {
	t.Helper()
	l, err := net.Listen("tcp", Gateway+":0")
	require.NoError(t, err)
	var mu sync.Mutex
	var log strings.Builder
	files := http.StripPrefix(prefix, http.FileServer(http.Dir(dir)))
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		mu.Lock()
		fmt.Fprintln(&log, from, r.URL.Path)
		mu.Unlock()
		files.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().(*net.TCPAddr).Port, func() string {
		mu.Lock()
		defer mu.Unlock()
		return log.String()
	}
}

// rundeckAgent uses the server's key pair; the test logs in as the server does.
func rundeckAgent(t *testing.T) App {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	require.NoError(t, err)
	return App{
		Ports: map[string]int{}, Settings: map[string]any{"ssh_public_key": strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) + " rundeck", "ssh_private_key": "never here"},
		Outside: func(t *testing.T, n int, id string) {
			hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(MustOn(t, n, "cat /etc/ssh/ssh_host_ed25519_key.pub")))
			require.NoError(t, err)
			c, err := ssh.Dial("tcp", Address(n)+":22", &ssh.ClientConfig{User: "rundeck", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
				HostKeyCallback: ssh.FixedHostKey(hostKey), HostKeyAlgorithms: []string{ssh.KeyAlgoED25519}, Timeout: 10 * time.Second})
			require.NoError(t, err)
			defer func() { _ = c.Close() }()
			s, err := c.NewSession()
			require.NoError(t, err)
			out, err := s.CombinedOutput("sudo -n id -u; cat node.yaml")
			require.NoError(t, err, string(out))
			require.True(t, strings.HasPrefix(string(out), "0\n"), string(out))
			require.Contains(t, string(out), "hostname: "+Address(n))
			require.Contains(t, string(out), "username: rundeck")
			_, err = On(t, n, `grep -r "never here" /home/rundeck /tmp /var/tmp /root`)
			require.Error(t, err, "the private key came to the instance")
		},
	}
}

// artifactoryAgent uses a signed Debian repository with one package, created here.
func artifactoryAgent(t *testing.T) App {
	dir, home := t.TempDir(), t.TempDir()
	script := `set -e; export GNUPGHOME=$1; cd $2
mkdir -p hello/DEBIAN dists/stable/main/binary-amd64 pool
printf 'Package: mcm-hello\nVersion: 1\nArchitecture: all\nMaintainer: test <test@example.org>\nDescription: hello\n' >hello/DEBIAN/control
dpkg-deb -Zgzip --build hello pool/mcm-hello.deb >/dev/null; rm -r hello
{ dpkg-deb -f pool/mcm-hello.deb; printf 'Filename: pool/mcm-hello.deb\nSize: %s\nSHA256: %s\n\n' "$(stat -c %s pool/mcm-hello.deb)" "$(sha256sum pool/mcm-hello.deb | cut -d' ' -f1)"; } >dists/stable/main/binary-amd64/Packages
cd dists/stable
{ printf 'Origin: test\nSuite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\nDate: %s\nSHA256:\n' "$(LC_ALL=C date -Ru | sed 's/+0000/UTC/')"
  printf ' %s %s main/binary-amd64/Packages\n' "$(sha256sum main/binary-amd64/Packages | cut -d' ' -f1)" "$(stat -c %s main/binary-amd64/Packages)"; } >Release
gpg --batch --quiet --passphrase '' --quick-generate-key test@example.org rsa3072 sign never
gpg --batch --quiet --clearsign -o InRelease Release
gpg --armor --export test@example.org
gpgconf --kill all`
	key, err := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", home, dir).Output()
	require.NoError(t, err, "%s", key)
	require.True(t, bytes.HasPrefix(key, []byte("-----BEGIN PGP PUBLIC KEY BLOCK")))
	port, _ := serve(t, dir, "/artifactory/debian-local")
	return App{
		Ports: map[string]int{"http": port}, Settings: map[string]any{"signing_key": string(key), "deb_repository": "debian-local", "deb_suite": "stable", "deb_component": "main", "rpm_repository": "rpm-local"},
		Outside: func(t *testing.T, n int, id string) {
			MustOn(t, n, "apt-get -qy install mcm-hello && dpkg -s mcm-hello && dpkg --purge mcm-hello")
		},
	}
}
