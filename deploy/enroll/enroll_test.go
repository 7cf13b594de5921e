// Package enroll_test runs the functions of the enrollment script against a minimal manager. The whole script
// runs on real hosts in test/acceptance/hosts.
package enroll_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"mycloudmanager/deploy"
)

const (
	token  = "mcm_enr_of-the-test"
	server = "0b0e2b8c-6f3c-4a5e-9d4a-3d1f6f0a7c11"
	key    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3RqvTknOPKPBfvql4RahD6te4B8tUIJ6X2lNT88Pkm mycloudmanager"
)

// response is the manager's response to one request.
type response struct {
	status int
	body   string
}

// manager responds to the enrollment once, then with the statuses in turn, repeating the last one. It also
// records the processes that expose the token.
type manager struct {
	*httptest.Server
	enroll   response
	statuses []response
	got      map[string]any
	shown    []string
}

func newManager(t *testing.T, enroll response, statuses ...response) *manager {
	m := &manager{enroll: enroll, statuses: statuses}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.shown = append(m.shown, processes(token)...)
		a := m.enroll
		if r.URL.Path == "/api/v1/enroll/status" {
			a = m.statuses[0]
			if len(m.statuses) > 1 {
				m.statuses = m.statuses[1:]
			}
		} else {
			_ = json.NewDecoder(r.Body).Decode(&m.got)
		}
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body))
	}))
	t.Cleanup(m.Close)
	return m
}

func processes(text string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		for _, name := range []string{"/cmdline", "/environ"} {
			if raw, _ := os.ReadFile(p + name); strings.Contains(string(raw), text) {
				found = append(found, p+name)
			}
		}
	}
	return found
}

func script(t *testing.T, url string) string {
	t.Helper()
	raw, err := fs.ReadFile(deploy.Files, "enroll/enroll.sh")
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(raw), "@MCM_URL@"))
	require.Equal(t, 1, strings.Count(string(raw), "@MCM_CA@"))
	return strings.NewReplacer("@MCM_URL@", url, "@MCM_CA@", "").Replace(string(raw))
}

// pieces runs commands with all functions of the script defined, in the strictest shell that is installed; the
// script is read from standard input, as on an instance.
func pieces(t *testing.T, url, commands string) (string, error) {
	t.Helper()
	text, ok := strings.CutSuffix(script(t, url), "main \"$@\"\n")
	require.True(t, ok, "main is called on the last line: a script that was cut off does nothing")
	shell := "/bin/sh"
	if _, err := os.Stat("/usr/bin/dash"); err == nil {
		shell = "/usr/bin/dash"
	}
	cmd := exec.Command(shell)
	prepare := "MCM_TOKEN=" + token + "\nwork=" + t.TempDir() + "\nprogram\n: >$work/ca.pem\nserver=" + server + "\npatience=60\nexport url server patience\ncollect_facts\n"
	cmd.Stdin = strings.NewReader(text + prepare + commands)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

const (
	doEnroll = "printf '%s\\n' \"$MCM_TOKEN\" | talk enroll || exit 1\ncat $work/authorized_keys\n"
	doFollow = "printf '%s\\n' \"$MCM_TOKEN\" | talk follow || exit 1\n"
)

func TestItSendsWhatTheManagerNeedsAndShowsNobodyTheToken(t *testing.T) {
	m := newManager(t, response{202, `{"task_url":"http://manager/tasks/1","authorized_keys":["` + key + `"]}`},
		response{200, `{"status":"running","message":"signing in"}`}, response{200, `{"status":"running","message":"signing in"}`}, response{200, `{"status":"succeeded","message":"done"}`})
	out, err := pieces(t, m.URL, doEnroll+doFollow)
	require.NoError(t, err, out)
	require.Contains(t, out, "accepted, see http://manager/tasks/1")
	require.Contains(t, out, "\n"+key+"\n")
	require.Equal(t, 1, strings.Count(out, "signing in"), "a message is said once: %s", out)
	require.Contains(t, out, "enrolled")
	require.Empty(t, m.shown)

	require.Equal(t, token, m.got["token"])
	require.Equal(t, server, m.got["server_id"])
	facts := m.got["facts"].(map[string]any)
	for _, name := range []string{"hostname", "distribution", "distribution_version", "architecture", "kernel", "python"} {
		require.NotEmpty(t, facts[name], name)
	}
	require.Contains(t, facts, "machine_id")
	require.Contains(t, facts, "addresses")
}

func TestItEndsWithTheReasonInWords(t *testing.T) {
	accepted := response{202, `{"authorized_keys":["` + key + `"]}`}
	for name, c := range map[string]struct {
		enroll, status response
		says           string
	}{
		"a used token":        {response{403, `{"title":"Forbidden","detail":"the token was used"}`}, response{}, "the manager refuses: the token was used"},
		"a title alone":       {response{422, `{"title":"Unprocessable"}`}, response{}, "the manager refuses: Unprocessable"},
		"no JSON":             {response{404, `<html>`}, response{}, "the manager refuses: 404 Not Found"},
		"a broken manager":    {response{500, `{"detail":"no database"}`}, response{}, "does not answer: no database"},
		"no key":              {response{202, `{"authorized_keys":[]}`}, response{}, "sent no key"},
		"a failure":           {accepted, response{200, `{"status":"failed","message":"no route to the host"}`}, "enrollment failed: no route to the host"},
		"a wait for a person": {accepted, response{200, `{"status":"blocked","message":"attach the subnet"}`}, "waits for a person in MyCloudManager: attach the subnet"},
		"a cancel":            {accepted, response{200, `{"status":"cancelled"}`}, "enrollment cancelled: no reason was given"},
		"a revoked token":     {accepted, response{403, `{"detail":"revoked"}`}, "the manager refuses: revoked"},
		"no end":              {accepted, response{200, `{"status":"running","message":"signing in"}`}, "not enrolled after 3 s: signing in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newManager(t, c.enroll, c.status)
			short := ""
			if name == "no end" {
				short = "patience=3\n"
			}
			out, err := pieces(t, m.URL, short+doEnroll+doFollow)
			require.Error(t, err, out)
			require.Contains(t, out, c.says)
			require.NotContains(t, out, "Traceback")
			require.NotContains(t, out, token)
		})
	}
}

func TestAManagerThatIsAwayForAMomentIsWaitedFor(t *testing.T) {
	m := newManager(t, response{}, response{503, `{"detail":"starting"}`}, response{200, `{"status":"succeeded"}`})
	out, err := pieces(t, m.URL, doFollow)
	require.NoError(t, err, out)
	out, err = pieces(t, "http://127.0.0.1:1", doEnroll)
	require.Error(t, err)
	require.Contains(t, out, "the manager at http://127.0.0.1:1 does not answer")
}

func TestItKnowsTheServerWithoutASayInIt(t *testing.T) {
	out, err := pieces(t, "http://127.0.0.1:1", "MCM_SERVER_ID="+server+"\nserver_id\n")
	require.NoError(t, err, out)
	require.Equal(t, server+"\n", out)
	out, err = pieces(t, "http://127.0.0.1:1", `echo '{"uuid":"0B0E2B8C-6F3C-4A5E-9D4A-3D1F6F0A7C11"}' | talk identity; echo '{}' | talk identity; echo x | talk identity`+"\n")
	require.NoError(t, err, out)
	require.Equal(t, server+"\n", out)
}

// TestRefusal_leaves_nothing: a refused machine is unchanged; changes are recorded, so that they can be undone.
func TestRefusal_leaves_nothing(t *testing.T) {
	for name, c := range map[string]struct{ done, left string }{"nothing was done": {":", "gone"}, "a user was made": {": >$state/user", "there"}} {
		t.Run(name, func(t *testing.T) {
			out, err := pieces(t, "http://127.0.0.1:1", "state="+t.TempDir()+"/state\nmkdir $state\n"+c.done+"\nclean_up\n"+
				"if [ -e $state ]; then echo there; else echo gone; fi\n")
			require.NoError(t, err, out)
			require.Equal(t, c.left+"\n", out)
		})
	}
}

// TestUninstall_survives_disconnect: the connection that started the uninstall ends with the user that it
// deletes.
func TestUninstall_survives_disconnect(t *testing.T) {
	out, err := pieces(t, "http://manager", `
state=$(mktemp -d)
echo python3 >$state/packages
sudoers=$work/sudoers lock=$work/lock account=nobody-at-all
family() { echo deb; }
dpkg() { return 1; } # other programs use them
(sleep 0.3; uninstall) | :
[ ! -e $state ] && [ ! -e $lock ] && echo all is gone
`)
	require.NoError(t, err, out)
	require.Contains(t, out, "all is gone")
}

func TestItRefusesWhatItCannotDo(t *testing.T) {
	for args, says := range map[string]string{"--install": "unknown argument --install", "": "there is no token"} {
		cmd := exec.Command("/bin/sh", append([]string{"-s", "--"}, strings.Fields(args)...)...)
		cmd.Stdin = strings.NewReader(script(t, "http://127.0.0.1:1"))
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		if os.Getuid() != 0 {
			says = "must run as root"
		}
		require.Contains(t, string(out), says)
	}
}

func TestCloudConfigHidesTheTokenFromArguments(t *testing.T) {
	raw, err := fs.ReadFile(deploy.Files, "enroll/cloud-config.yaml")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(raw), "#cloud-config\n"))
	var config struct {
		Files []struct{ Path, Permissions, Content string } `yaml:"write_files"`
		Run   [][]string                                    `yaml:"runcmd"`
	}
	text := strings.NewReplacer("@MCM_URL@", "http://manager", "@MCM_TOKEN@", token).Replace(string(raw))
	require.NotContains(t, text, "@MCM")
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	require.Equal(t, "0600", config.Files[0].Permissions)
	require.Equal(t, "MCM_TOKEN="+token+"\n", config.Files[0].Content)
	require.Equal(t, config.Files[1].Path, config.Run[0][1])
	require.NotContains(t, config.Files[1].Content, token)
	syntax := exec.Command("/bin/sh", "-n")
	syntax.Stdin = strings.NewReader(config.Files[1].Content)
	out, err := syntax.CombinedOutput()
	require.NoError(t, err, string(out))
}
