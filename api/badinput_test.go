package api

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack/identity"
)

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// bad is a request that must be rejected, with the expected problem.
type bad struct {
	name   string
	ask    ask
	status int
	code   string
	field  string // one of the fields that the problem names
}

const (
	launch   = "/api/v1/apps/ntp/launch"
	deploy   = "/api/v1/stack"
	settings = "/api/v1/apps/ntp/settings"
)

func post(path, body string) ask { return ask{method: http.MethodPost, path: path, body: body} }
func get(path string) ask        { return ask{method: http.MethodGet, path: "/api/v1" + path} }

func with(a ask, header, value string) ask {
	a.header = map[string]string{header: value}
	return a
}

func badBodies() []bad {
	deep := strings.Repeat(`{"environment":`, 20_000)
	return []bad{
		{"not JSON", post(launch, `{"version":`), 400, "invalid", "body"},
		{"YAML instead of JSON", post(launch, `version: 4`), 400, "invalid", "body"},
		{"two documents", post(launch, `{}{}`), 400, "invalid", "body"},
		{"list instead of an object", post(launch, `[]`), 422, "invalid", "body"},
		{"number instead of an object", post(deploy, `7`), 422, "invalid", "body"},
		{"text instead of a number", post(launch, `{"volume_size_gb":"ten"}`), 422, "invalid", "volume_size_gb"},
		{"fraction instead of an integer", post(launch, `{"volume_size_gb":1.5}`), 422, "invalid", "volume_size_gb"},
		{"number overflow", post(launch, `{"volume_size_gb":1e99}`), 422, "invalid", "volume_size_gb"},
		{"too small", post(launch, `{"volume_size_gb":-1}`), 422, "invalid", "volume_size_gb"},
		{"too large", post(launch, `{"volume_size_gb":16385}`), 422, "invalid", "volume_size_gb"},
		{"an unknown field", post(launch, `{"volume":1}`), 422, "invalid", "volume"},
		{"unknown field among others", post(deploy, `{"name":"toolbox","preset":"small","admin":true}`), 422, "invalid", "admin"},
		{"text too long", post(launch, `{"version":"`+strings.Repeat("4", 65)+`"}`), 422, "invalid", "version"},
		{"unknown version", post(launch, `{"version":"99"}`), 422, "invalid", "version"},
		{"no name", post(deploy, `{"preset":"small"}`), 422, "invalid", "name"},
		{"an empty name", post(deploy, `{"name":""}`), 422, "invalid", "name"},
		{"a name with a line break", post(deploy, `{"name":"tool\nbox"}`), 422, "invalid", "name"},
		{"path as name", post(deploy, `{"name":"../toolbox"}`), 422, "invalid", "name"},
		{"an unknown preset", post(deploy, `{"name":"toolbox","preset":"huge"}`), 422, "invalid", "preset"},
		{"zero masters", post(deploy, `{"name":"toolbox","masters":0}`), 422, "invalid", "masters"},
		{"even number of etcd members", post(deploy, `{"name":"toolbox","etcd":4}`), 422, "invalid", "etcd"},
		{"nothing to change", ask{method: http.MethodPatch, path: deploy, body: `{}`}, 422, "invalid", "body"},
		{"no body", post(deploy, ""), 400, "invalid", ""},
		{"body nested too deeply", ask{method: http.MethodPut, path: settings, body: deep}, 400, "invalid", "body"},
		{"a body of more than a megabyte", post(launch, `{"version":"`+strings.Repeat("4", maxBody)+`"}`), 413, "invalid", ""},
		{"delete without the name", post("/api/v1/apps/ntp/uninstall", `{"delete_volume":true}`), 422, "invalid", "confirm"},
		{"delete with another name", post("/api/v1/apps/ntp/uninstall", `{"delete_volume":true,"confirm":"zabbix"}`), 422, "invalid", "confirm"},
		{"list as settings", ask{method: http.MethodPut, path: settings, body: `{"environment":[],"parameters":{}}`}, 422, "invalid", "environment"},
		{"incomplete settings", ask{method: http.MethodPut, path: settings, body: `{"environment":{}}`}, 422, "invalid", "parameters"},
		{"settings changed concurrently", with(ask{method: http.MethodPut, path: settings, body: `{"environment":{},"parameters":{}}`}, "If-Match", `"e0"`), 412, "conflict", ""},
	}
}

func badPaths() []bad {
	return []bad{
		{"unknown app", post("/api/v1/apps/redis/launch", `{}`), 404, "not_found", ""},
		{"path as app name", post("/api/v1/apps/..%2f..%2fetc/launch", `{}`), 404, "not_found", ""},
		{"line break in app name", post("/api/v1/apps/a%0d%0aSet-Cookie:x/launch", `{}`), 422, "invalid", "app"},
		{"app name too long", post("/api/v1/apps/"+strings.Repeat("a", 64)+"/stop", ""), 422, "invalid", "app"},
		{"unknown path", get("/nothing"), 404, "not_found", ""},
		{"unsupported method", ask{method: http.MethodDelete, path: "/api/v1/apps"}, 405, "invalid", ""},
		{"page size zero", get("/tasks?page_size=0"), 422, "invalid", "page_size"},
		{"page size too large", get("/tasks?page_size=501"), 422, "invalid", "page_size"},
		{"page size is not a number", get("/tasks?page_size=many"), 422, "invalid", "page_size"},
		{"unknown status", get("/tasks?status=fine"), 422, "invalid", "status"},
		{"invalid time", get("/tasks?since=yesterday"), 422, "invalid", "since"},
		{"a forged token of tasks", get("/tasks?page_token=e30"), 422, "invalid", "page_token"},
		{"token is not base64", get("/tasks?page_token=%27%20OR%201%3D1"), 422, "invalid", "page_token"},
		{"a forged token of the audit", get("/audit?page_token=-1"), 422, "invalid", "page_token"},
		{"audit token with SQL", get("/audit?page_token=1%20OR%201%3D1"), 422, "invalid", "page_token"},
		{"unknown outcome", get("/audit?outcome=fine"), 422, "invalid", "outcome"},
		{"export without format", get("/audit/export"), 422, "invalid", "format"},
		{"export in unsupported format", get("/audit/export?format=pdf"), 422, "invalid", "format"},
		{"wrong name to confirm deletion", ask{method: http.MethodDelete, path: "/api/v1/stack?confirm=tool"}, 422, "invalid", "confirm"},
		{"log in unsupported format", get("/tasks/" + runningTask + "/log?format=xml"), 422, "invalid", "format"},
	}
}

func badInstances() []bad {
	agents := "/api/v1/instances/" + enrolledID + "/agents/"
	put := func(path string) ask { return ask{method: http.MethodPut, path: path} }
	enroll := func(change string) ask {
		return post("/api/v1/enroll", `{"token":"`+goodToken+`","server_id":"`+strangerID+`",`+change+`}`)
	}
	return []bad{
		{"unknown instance", ask{method: http.MethodDelete, path: "/api/v1/instances/0000"}, 404, "not_found", ""},
		{"path as instance ID", post("/api/v1/instances/..%2fservers/connect", ""), 404, "not_found", ""},
		{"instance is not enrolled", ask{method: http.MethodDelete, path: "/api/v1/instances/" + strangerID}, 409, "conflict", ""},
		{"agent of unknown app", put(agents + "redis"), 404, "not_found", ""},
		{"agent on instance that is not enrolled", put("/api/v1/instances/" + strangerID + "/agents/ntp"), 409, "conflict", ""},
		{"agents without instances", post("/api/v1/agents:batch", `{"instances":[],"apps":["ntp"],"action":"check"}`), 422, "invalid", "instances"},
		{"agents with duplicate instance", post("/api/v1/agents:batch", `{"instances":["a","a"],"apps":["ntp"],"action":"check"}`), 422, "invalid", "instances"},
		{"agents on instance that is not enrolled", post("/api/v1/agents:batch", `{"instances":["`+strangerID+`"],"apps":["ntp"],"action":"check"}`), 422, "invalid", "instances[0]"},
		{"unknown action", post("/api/v1/agents:batch", `{"instances":["a"],"apps":["ntp"],"action":"destroy"}`), 422, "invalid", "action"},
		{"token TTL too short", post("/api/v1/enrollment-tokens", `{"ttl_seconds":1}`), 422, "invalid", "ttl_seconds"},
		{"token TTL too long", post("/api/v1/enrollment-tokens", `{"ttl_seconds":99999999}`), 422, "invalid", "ttl_seconds"},
		{"too many token uses", post("/api/v1/enrollment-tokens", `{"max_uses":1001}`), 422, "invalid", "max_uses"},
		{"token with SQL as instance", post("/api/v1/enrollment-tokens", `{"instance_id":"' OR 1=1"}`), 422, "invalid", "instance_id"},
		{"token revoked by its secret", ask{method: http.MethodDelete, path: "/api/v1/enrollment-tokens/" + goodToken}, 422, "invalid", "id"},
		{"enrollment without host key", enroll(`"host_keys":[],"facts":{}`), 422, "invalid", "host_keys"},
		{"enrollment with RSA host key", enroll(`"host_keys":["ssh-rsa AAAA"],"facts":{}`), 422, "invalid", "host_keys"},
		{"enrollment with shell code in facts", enroll(`"host_keys":["ssh-rsa AAAA"],"facts":{"hostname":"` + strings.Repeat("$(x)", 64) + `"}`), 422, "invalid", "facts.hostname"},
		{"a forged token of instances", get("/instances?page_token=e30"), 422, "invalid", "page_token"},
	}
}

func badBackups() []bad {
	plan := func(change string) ask {
		return post("/api/v1/backup-plans", strings.Replace(planBody, "{", "{"+change+",", 1))
	}
	when := func(schedule string) ask {
		return post("/api/v1/backup-plans/preview", `{"schedule":`+schedule+`}`)
	}
	restore := "/api/v1/instances/" + enrolledID + "/restore"
	deleted := "/api/v1/instances/" + deletedID + "/restore"
	return []bad{
		{"plan without name", post("/api/v1/backup-plans", strings.Replace(planBody, "nightly", " ", 1)), 422, "invalid", "name"},
		{"plan with unknown instance", post("/api/v1/backup-plans", strings.Replace(planBody, enrolledID, "nobody", 1)), 422, "invalid", "instances"},
		{"file backup without directory", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"soft"`, 1)), 422, "invalid", "directories"},
		{"file backup of instance that is not enrolled", post("/api/v1/backup-plans", strings.NewReplacer(`"snapshot"`, `"soft","directories":["/data"]`, enrolledID, strangerID).Replace(planBody)), 422, "invalid", "instances[0]"},
		{"relative directory", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"soft","directories":["../etc"]`, 1)), 422, "invalid", "directories"},
		{"catch-up too long", plan(`"catch_up_seconds":31536000`), 422, "invalid", "catch_up_seconds"},
		{"unknown method", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"tape"`, 1)), 422, "invalid", "method"},
		{"plan with unknown field", plan(`"owner":"x"`), 422, "invalid", "owner"},
		{"unknown time zone", when(`{"frequency":"daily","time":"02:30","time_zone":"Europe/Atlantis"}`), 422, "invalid", "schedule.time_zone"},
		{"path as time zone", when(`{"frequency":"daily","time":"02:30","time_zone":"../../etc/passwd"}`), 422, "invalid", "schedule.time_zone"},
		{"invalid time", when(`{"frequency":"daily","time":"25:00","time_zone":"UTC"}`), 422, "invalid", "schedule.time"},
		{"weekly without weekday", when(`{"frequency":"weekly","time":"02:30","time_zone":"UTC"}`), 422, "invalid", "schedule.weekday"},
		{"invalid cron expression", when(`{"frequency":"cron","cron":"at night","time_zone":"UTC"}`), 422, "invalid", "schedule.cron"},
		{"cron expression that is never due", when(`{"frequency":"cron","cron":"0 0 31 2 *","time_zone":"UTC"}`), 422, "invalid", "schedule.cron"},
		{"plan changed concurrently", with(ask{method: http.MethodPut, path: "/api/v1/backup-plans/" + planID, body: planBody}, "If-Match", `"p0"`), 412, "conflict", ""},
		{"run of unknown plan", post("/api/v1/backup-plans/0198/run", ""), 404, "not_found", ""},
		{"unknown backup", post("/api/v1/backups/s-0000/verify", ""), 404, "not_found", ""},
		{"path as backup ID", get("/backups/..%2f..%2fetc"), 404, "not_found", ""},
		{"restore without confirmation", post(restore, `{"backup_id":"`+backupID+`","confirm":""}`), 422, "invalid", "confirm"},
		{"restore of unknown backup", post(restore, `{"backup_id":"s-0000","confirm":"web-1"}`), 422, "invalid", "backup_id"},
		{"files of a snapshot", post(restore, `{"backup_id":"`+backupID+`","confirm":"web-1","paths":["/etc"]}`), 422, "invalid", "paths"},
		{"a snapshot of another instance", post("/api/v1/instances/"+strangerID+"/restore", `{"backup_id":"`+backupID+`","confirm":"web-2"}`), 422, "invalid", "backup_id"},
		{"new server with existing name", post(restore, `{"backup_id":"`+backupID+`","new_server_name":"web-2"}`), 422, "invalid", "new_server_name"},
		{"new server with invalid name", post(restore, `{"backup_id":"`+backupID+`","new_server_name":" x"}`), 422, "invalid", "new_server_name"},
		{"another flavor in place", post(restore, `{"backup_id":"`+backupID+`","confirm":"web-1","flavor":"m1.tiny"}`), 422, "invalid", "flavor"},
		{"other networks in place", post(restore, `{"backup_id":"`+backupID+`","confirm":"web-1","networks":["x"]}`), 422, "invalid", "networks"},
		{"deleted instance, in place", post(deleted, `{"backup_id":"`+deletedBackupID+`","confirm":"old-1"}`), 422, "invalid", "new_server_name"},
		{"deleted instance, unknown flavor", post(deleted, `{"backup_id":"`+deletedBackupID+`","new_server_name":"new-1"}`), 422, "invalid", "flavor"},
		{"deleted instance, unknown network", post(deleted, `{"backup_id":"`+deletedBackupID+`","new_server_name":"new-1","flavor":"m1.tiny"}`), 422, "invalid", "networks"},
		{"deleted instance, backup of another instance", post(deleted, `{"backup_id":"`+backupID+`","new_server_name":"new-1"}`), 404, "not_found", ""},
		{"consistency group of file backups", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"soft","directories":["/data"],"snapshot":{"consistency_group":true}`, 1)), 422, "invalid", "snapshot.consistency_group"},
		{"a forged token of backups", get("/backups?page_token=e30"), 422, "invalid", "page_token"},
	}
}

func badHeaders() []bad {
	key := strings.Repeat("k", 256)
	return []bad{
		{"a change without the CSRF token", with(post(launch, `{}`), csrfHeader, ""), 403, "forbidden", ""},
		{"a change with another CSRF token", with(post(launch, `{}`), csrfHeader, "x"), 403, "forbidden", ""},
		{"a forged cookie", with(post(launch, `{}`), "Cookie", sessionCookie+"="+base64.RawURLEncoding.EncodeToString(make([]byte, 200))), 401, "unauthorized", ""},
		{"truncated cookie", with(post(launch, `{}`), "Cookie", sessionCookie+"=AAAA"), 401, "unauthorized", ""},
		{"cookie is not base64", with(post(launch, `{}`), "Cookie", sessionCookie+"=%00"), 401, "unauthorized", ""},
		{"another content type", with(post(launch, `{}`), "Content-Type", "text/plain"), 415, "invalid", ""},
		{"a form", with(post(launch, `version=4`), "Content-Type", "application/x-www-form-urlencoded"), 415, "invalid", ""},
		{"idempotency key too long", with(post(launch, `{}`), "Idempotency-Key", key), 422, "invalid", "Idempotency-Key"},
		{"unknown token", with(post(launch, `{}`), "X-Auth-Token", "gAAAA"), 401, "unauthorized", ""},
		{"unknown credential", with(post(launch, `{}`), "Authorization", basic("a", "b")), 401, "unauthorized", ""},
	}
}

func TestBadRequests_rejected_without_task(t *testing.T) {
	h := newTestServer(t)
	cases := slices.Concat(badBodies(), badPaths(), badInstances(), badBackups(), badHeaders())
	require.GreaterOrEqual(t, len(cases), 70)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.ask.as = identity.Administrator
			response := h.send(t, c.ask)
			require.Equal(t, c.status, response.Code, response.Body.String())
			p := problem(t, response)
			require.Equal(t, c.code, p.Code)
			if c.field != "" {
				require.NotEmpty(t, p.Errors, response.Body.String())
				var fields []string
				for _, f := range p.Errors {
					fields = append(fields, f.Field)
					require.NotEmpty(t, f.Message)
				}
				require.Contains(t, fields, c.field)
			}
			require.Empty(t, response.Header().Values("Set-Cookie"))
		})
	}
	require.Zero(t, h.tasks.count.Load(), "a rejected request has started a task")
}

// A browser would open its own sign-in dialog at a Basic challenge and block our page.
func TestUnauthorized_no_basic_challenge(t *testing.T) {
	h := newTestServer(t)
	for _, accept := range []string{"", "*/*", "application/json", "text/html"} {
		response := h.send(t, ask{method: http.MethodGet, path: "/api/v1/session", header: map[string]string{"Accept": accept}})
		require.Equal(t, http.StatusUnauthorized, response.Code)
		require.NotEmpty(t, response.Header().Get("WWW-Authenticate"), "RFC 9110 asks for a challenge")
		require.NotContains(t, response.Header().Get("WWW-Authenticate"), "Basic")
	}
}

// Request headers are copied into response headers only if they contain plain characters.
func TestRequestID_no_header_injection(t *testing.T) {
	h := newTestServer(t)
	for _, id := range []string{"a\r\nSet-Cookie: x=1", "a\x00b", "a b", "é", strings.Repeat("a", 65)} {
		response := h.send(t, ask{method: http.MethodGet, path: "/api/v1/info", header: map[string]string{requestIDHeader: id}})
		require.NotEqual(t, id, response.Header().Get(requestIDHeader))
		require.Len(t, response.Header().Get(requestIDHeader), 36)
	}
	response := h.send(t, ask{method: http.MethodGet, path: "/api/v1/info", header: map[string]string{requestIDHeader: "run-17"}})
	require.Equal(t, "run-17", response.Header().Get(requestIDHeader))
	audit := h.send(t, ask{method: http.MethodGet, path: "/api/v1/audit/export?format=csv%0d%0aX:y", as: identity.Operator})
	require.Equal(t, http.StatusUnprocessableEntity, audit.Code)
	require.Empty(t, audit.Header().Get("Content-Disposition"))
}

// A session cookie is valid only until it expires and only with this manager's key.
func TestSession_invalid_cookies(t *testing.T) {
	h, other := newTestServer(t), newTestServer(t)
	other.SessionKey = []byte(strings.Repeat("k", 32))
	require.NoError(t, other.sessions.init(other.SessionKey))
	foreign, _ := other.signedIn(t, identity.Administrator)
	ended, err := h.sessions.close(session{Token: "administrator", CSRF: "c", ExpiresAt: time.Now().Add(-time.Second)})
	require.NoError(t, err)
	whole, _ := h.signedIn(t, identity.Viewer)
	last := whole[len(whole)-2]
	tampered := whole[:len(whole)-2] + string(map[bool]byte{true: 'B', false: 'A'}[last == 'A']) + whole[len(whole)-1:]
	for name, cookie := range map[string]string{"foreign": foreign, "ended": sessionCookie + "=" + ended, "tampered": tampered} {
		response := h.send(t, ask{method: http.MethodGet, path: "/api/v1/session", header: map[string]string{"Cookie": cookie}})
		require.Equal(t, http.StatusUnauthorized, response.Code, name)
		require.Equal(t, "unauthorized", problem(t, response).Code)
	}
}
