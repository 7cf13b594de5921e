//go:build acceptance

// Package hosts_test enrolls real hosts by the real command and installs every agent of the catalog on them
// with the real Ansible. run.sh starts the hosts with up.sh.
package hosts_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/test/acceptance/hosts/hostlab"
)

const count = 6

func serverID(n int) string { return fmt.Sprintf("5e5f0000-0000-4000-8000-%012d", n) }
func bare(n int) bool       { return n%3 == 0 } // the release without python3, sudo and curl

// each runs check on all hosts concurrently.
func each(t *testing.T, check func(t *testing.T, n int)) {
	t.Helper()
	t.Run("hosts", func(t *testing.T) {
		for n := 1; n <= count; n++ {
			t.Run(hostlab.Name(n), func(t *testing.T) {
				t.Parallel()
				check(t, n)
			})
		}
	})
}

// manager is a minimal enrollment service: single-use tokens, and a login by Ansible with the host keys that
// the machine sent.
type manager struct {
	URL    string
	key    []byte
	public string
	mu     sync.Mutex
	tokens map[string]int // by token: the host it is for; 0 means used
	hosts  map[string]ansible.Host
	status map[string]string // by server: its status as JSON
	facts  map[string]map[string]any
	shown  []string // processes on this machine, hence on all hosts, that expose a token
}

func newManager(t *testing.T) *manager {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(key, "")
	require.NoError(t, err)
	line, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	m := &manager{
		key: pem.EncodeToMemory(block), public: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line))) + " mycloudmanager",
		tokens: map[string]int{}, hosts: map[string]ansible.Host{}, status: map[string]string{}, facts: map[string]map[string]any{},
	}
	l, err := net.Listen("tcp", hostlab.Gateway+":0")
	require.NoError(t, err, "are the hosts up? test/acceptance/hosts/up.sh")
	m.URL = "http://" + l.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/enroll.sh", m.script)
	mux.HandleFunc("POST /api/v1/enroll", m.enroll)
	mux.HandleFunc("POST /api/v1/enroll/status", m.respond)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

func (m *manager) script(w http.ResponseWriter, _ *http.Request) {
	raw, err := deploy.Files.ReadFile("enroll/enroll.sh")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = strings.NewReplacer("@MCM_URL@", m.URL, "@MCM_CA@", "").WriteString(w, string(raw))
}

func (m *manager) token(n int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := fmt.Sprintf("mcm_enr_%d-%d", n, len(m.tokens))
	m.tokens[token] = n
	return token
}

// command returns the enrollment command that users copy.
func (m *manager) command(n int, token string) string {
	fetch := "curl -fsSL"
	if bare(n) {
		fetch = "wget -qO-"
	}
	return fmt.Sprintf(`{ echo "MCM_TOKEN=%s"; %s %s/api/v1/enroll.sh || echo 'echo "cannot fetch enroll.sh" >&2; exit 1'; } | sh`, token, fetch, m.URL)
}

type request struct {
	Token    string         `json:"token"`
	Server   string         `json:"server_id"`
	HostKeys []string       `json:"host_keys"`
	Facts    map[string]any `json:"facts"`
}

func (m *manager) enroll(w http.ResponseWriter, r *http.Request) {
	var in request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shown = append(m.shown, processes(in.Token)...)
	n := m.tokens[in.Token]
	if n == 0 || serverID(n) != in.Server {
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]string{"title": "Forbidden", "detail": "the token is not known, or it was used"})
		return
	}
	m.tokens[in.Token] = 0
	m.facts[in.Server] = in.Facts
	m.hosts[in.Server] = ansible.Host{Name: hostlab.Name(n), Address: hostlab.Address(n), User: "mcm", HostKeys: in.HostKeys}
	m.status[in.Server] = `{"status":"running","message":"signing in"}`
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]any{"task_url": m.URL + "/tasks/1", "authorized_keys": []string{m.public}})
}

// respond logs in to the host at its first status request: the user exists by then.
func (m *manager) respond(w http.ResponseWriter, r *http.Request) {
	var in request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	status := m.status[in.Server]
	host, ask := m.hosts[in.Server]
	m.mu.Unlock()
	if ask && strings.Contains(status, "running") {
		status = m.signIn(r, host)
		m.mu.Lock()
		m.status[in.Server] = status
		m.mu.Unlock()
	}
	_, _ = w.Write([]byte(status))
}

func (m *manager) signIn(r *http.Request, host ansible.Host) string {
	p := ansible.Play{Files: files(map[string]string{"ping.yml": "- hosts: all\n  become: true\n  gather_facts: false\n  tasks: [{ansible.builtin.ping: }]\n"}), Playbook: "ping.yml",
		Hosts: []ansible.Host{host}, PrivateKey: m.key, Timeout: time.Minute}
	recap, err := (&ansible.Runner{}).Run(r.Context(), p, nil)
	out := map[string]string{"status": "succeeded"}
	switch h := recap[host.Name]; {
	case err != nil:
		out = map[string]string{"status": "failed", "message": err.Error()}
	case !h.Succeeded():
		out = map[string]string{"status": "failed", "message": h.Reason.String()}
	}
	raw, _ := json.Marshal(out)
	return string(raw)
}

// processes returns the processes with text in their arguments or environment; the hosts' processes are visible
// from here.
func processes(text string) (found []string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		for _, part := range []string{"cmdline", "environ"} {
			raw, _ := os.ReadFile("/proc/" + e.Name() + "/" + part)
			// The shell that a test starts with the whole command has it in its argument; users type it
			// instead.
			if s := string(raw); strings.Contains(s, text) && !strings.Contains(s, "enroll.sh ||") {
				found = append(found, e.Name()+" "+s)
			}
		}
	}
	return found
}
