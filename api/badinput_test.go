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

// bad is a request that must be refused, and how.
type bad struct {
	name   string
	ask    ask
	status int
	code   string
	field  string // one of the fields the answer names
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
		{"no JSON at all", post(launch, `version: 4`), 400, "invalid", "body"},
		{"two documents", post(launch, `{}{}`), 400, "invalid", "body"},
		{"a list for an object", post(launch, `[]`), 422, "invalid", "body"},
		{"a number for an object", post(deploy, `7`), 422, "invalid", "body"},
		{"a text for a number", post(launch, `{"volume_size_gb":"ten"}`), 422, "invalid", "volume_size_gb"},
		{"a fraction for a count", post(launch, `{"volume_size_gb":1.5}`), 422, "invalid", "volume_size_gb"},
		{"a number that no machine holds", post(launch, `{"volume_size_gb":1e99}`), 422, "invalid", "volume_size_gb"},
		{"too small", post(launch, `{"volume_size_gb":-1}`), 422, "invalid", "volume_size_gb"},
		{"too large", post(launch, `{"volume_size_gb":16385}`), 422, "invalid", "volume_size_gb"},
		{"an unknown field", post(launch, `{"volume":1}`), 422, "invalid", "volume"},
		{"an unknown field beside others", post(deploy, `{"name":"toolbox","preset":"small","admin":true}`), 422, "invalid", "admin"},
		{"too long a text", post(launch, `{"version":"`+strings.Repeat("4", 65)+`"}`), 422, "invalid", "version"},
		{"a version of nobody", post(launch, `{"version":"99"}`), 422, "invalid", "version"},
		{"no name", post(deploy, `{"preset":"small"}`), 422, "invalid", "name"},
		{"an empty name", post(deploy, `{"name":""}`), 422, "invalid", "name"},
		{"a name with a line break", post(deploy, `{"name":"tool\nbox"}`), 422, "invalid", "name"},
		{"a name that is a path", post(deploy, `{"name":"../toolbox"}`), 422, "invalid", "name"},
		{"an unknown preset", post(deploy, `{"name":"toolbox","preset":"huge"}`), 422, "invalid", "preset"},
		{"no master", post(deploy, `{"name":"toolbox","masters":0}`), 422, "invalid", "masters"},
		{"an even etcd", post(deploy, `{"name":"toolbox","etcd":4}`), 422, "invalid", "etcd"},
		{"nothing to change", ask{method: http.MethodPatch, path: deploy, body: `{}`}, 422, "invalid", "body"},
		{"no body", post(deploy, ""), 400, "invalid", ""},
		{"a body that nests too deep", ask{method: http.MethodPut, path: settings, body: deep}, 400, "invalid", "body"},
		{"a body of more than a megabyte", post(launch, `{"version":"`+strings.Repeat("4", maxBody)+`"}`), 413, "invalid", ""},
		{"delete without the name", post("/api/v1/apps/ntp/uninstall", `{"delete_volume":true}`), 422, "invalid", "confirm"},
		{"delete with another name", post("/api/v1/apps/ntp/uninstall", `{"delete_volume":true,"confirm":"zabbix"}`), 422, "invalid", "confirm"},
		{"settings that are a list", ask{method: http.MethodPut, path: settings, body: `{"environment":[],"parameters":{}}`}, 422, "invalid", "environment"},
		{"half of the settings", ask{method: http.MethodPut, path: settings, body: `{"environment":{}}`}, 422, "invalid", "parameters"},
		{"settings of others meanwhile", with(ask{method: http.MethodPut, path: settings, body: `{"environment":{},"parameters":{}}`}, "If-Match", `"e0"`), 412, "conflict", ""},
	}
}

func badPaths() []bad {
	return []bad{
		{"an app of nobody", post("/api/v1/apps/redis/launch", `{}`), 404, "not_found", ""},
		{"an app that is a path", post("/api/v1/apps/..%2f..%2fetc/launch", `{}`), 404, "not_found", ""},
		{"an app with a line break", post("/api/v1/apps/a%0d%0aSet-Cookie:x/launch", `{}`), 422, "invalid", "app"},
		{"an app of too many letters", post("/api/v1/apps/"+strings.Repeat("a", 64)+"/stop", ""), 422, "invalid", "app"},
		{"a path of nobody", get("/nothing"), 404, "not_found", ""},
		{"a method of nobody", ask{method: http.MethodDelete, path: "/api/v1/apps"}, 405, "invalid", ""},
		{"a page of nothing", get("/tasks?page_size=0"), 422, "invalid", "page_size"},
		{"a page of too much", get("/tasks?page_size=501"), 422, "invalid", "page_size"},
		{"a page of words", get("/tasks?page_size=many"), 422, "invalid", "page_size"},
		{"a status of nobody", get("/tasks?status=fine"), 422, "invalid", "status"},
		{"a time that is none", get("/tasks?since=yesterday"), 422, "invalid", "since"},
		{"a forged token of tasks", get("/tasks?page_token=e30"), 422, "invalid", "page_token"},
		{"a token that is no base64", get("/tasks?page_token=%27%20OR%201%3D1"), 422, "invalid", "page_token"},
		{"a forged token of the audit", get("/audit?page_token=-1"), 422, "invalid", "page_token"},
		{"a token of the audit in words", get("/audit?page_token=1%20OR%201%3D1"), 422, "invalid", "page_token"},
		{"an outcome of nobody", get("/audit?outcome=fine"), 422, "invalid", "outcome"},
		{"an export in no format", get("/audit/export"), 422, "invalid", "format"},
		{"an export in another format", get("/audit/export?format=pdf"), 422, "invalid", "format"},
		{"another name to delete", ask{method: http.MethodDelete, path: "/api/v1/stack?confirm=tool"}, 422, "invalid", "confirm"},
		{"a log of another format", get("/tasks/" + runningTask + "/log?format=xml"), 422, "invalid", "format"},
	}
}

func badInstances() []bad {
	agents := "/api/v1/instances/" + enrolledID + "/agents/"
	put := func(path string) ask { return ask{method: http.MethodPut, path: path} }
	enroll := func(change string) ask {
		return post("/api/v1/enroll", `{"token":"`+goodToken+`","server_id":"`+strangerID+`",`+change+`}`)
	}
	return []bad{
		{"an instance of nobody", ask{method: http.MethodDelete, path: "/api/v1/instances/0000"}, 404, "not_found", ""},
		{"an instance that is a path", post("/api/v1/instances/..%2fservers/connect", ""), 404, "not_found", ""},
		{"an instance that is not enrolled", ask{method: http.MethodDelete, path: "/api/v1/instances/" + strangerID}, 409, "conflict", ""},
		{"an agent of nobody", put(agents + "redis"), 404, "not_found", ""},
		{"an agent on one that is not enrolled", put("/api/v1/instances/" + strangerID + "/agents/ntp"), 409, "conflict", ""},
		{"agents on nothing", post("/api/v1/agents:batch", `{"instances":[],"apps":["ntp"],"action":"check"}`), 422, "invalid", "instances"},
		{"agents on one twice", post("/api/v1/agents:batch", `{"instances":["a","a"],"apps":["ntp"],"action":"check"}`), 422, "invalid", "instances"},
		{"agents on strangers", post("/api/v1/agents:batch", `{"instances":["`+strangerID+`"],"apps":["ntp"],"action":"check"}`), 422, "invalid", "instances[0]"},
		{"another action", post("/api/v1/agents:batch", `{"instances":["a"],"apps":["ntp"],"action":"destroy"}`), 422, "invalid", "action"},
		{"a token for a second", post("/api/v1/enrollment-tokens", `{"ttl_seconds":1}`), 422, "invalid", "ttl_seconds"},
		{"a token for ever", post("/api/v1/enrollment-tokens", `{"ttl_seconds":99999999}`), 422, "invalid", "ttl_seconds"},
		{"a token for everybody", post("/api/v1/enrollment-tokens", `{"max_uses":1001}`), 422, "invalid", "max_uses"},
		{"a token for a server that is SQL", post("/api/v1/enrollment-tokens", `{"instance_id":"' OR 1=1"}`), 422, "invalid", "instance_id"},
		{"a token that is revoked by its secret", ask{method: http.MethodDelete, path: "/api/v1/enrollment-tokens/" + goodToken}, 422, "invalid", "id"},
		{"an enrollment without a host key", enroll(`"host_keys":[],"facts":{}`), 422, "invalid", "host_keys"},
		{"an enrollment with an old host key", enroll(`"host_keys":["ssh-rsa AAAA"],"facts":{}`), 422, "invalid", "host_keys"},
		{"an enrollment with a shell in its facts", enroll(`"host_keys":["ssh-rsa AAAA"],"facts":{"hostname":"` + strings.Repeat("$(x)", 64) + `"}`), 422, "invalid", "facts.hostname"},
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
	gone := "/api/v1/instances/" + goneID + "/restore"
	return []bad{
		{"a plan without a name", post("/api/v1/backup-plans", strings.Replace(planBody, "nightly", " ", 1)), 422, "invalid", "name"},
		{"a plan of an instance of nobody", post("/api/v1/backup-plans", strings.Replace(planBody, enrolledID, "nobody", 1)), 422, "invalid", "instances"},
		{"a plan of files without a directory", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"soft"`, 1)), 422, "invalid", "directories"},
		{"a plan of files of a stranger", post("/api/v1/backup-plans", strings.NewReplacer(`"snapshot"`, `"soft","directories":["/data"]`, enrolledID, strangerID).Replace(planBody)), 422, "invalid", "instances[0]"},
		{"a plan of a relative directory", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"soft","directories":["../etc"]`, 1)), 422, "invalid", "directories"},
		{"a plan that catches up for a year", plan(`"catch_up_seconds":31536000`), 422, "invalid", "catch_up_seconds"},
		{"a plan by another method", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"tape"`, 1)), 422, "invalid", "method"},
		{"a plan with a field of nobody", plan(`"owner":"x"`), 422, "invalid", "owner"},
		{"a time zone of nobody", when(`{"frequency":"daily","time":"02:30","time_zone":"Europe/Atlantis"}`), 422, "invalid", "schedule.time_zone"},
		{"a time zone that is a path", when(`{"frequency":"daily","time":"02:30","time_zone":"../../etc/passwd"}`), 422, "invalid", "schedule.time_zone"},
		{"a time that is none", when(`{"frequency":"daily","time":"25:00","time_zone":"UTC"}`), 422, "invalid", "schedule.time"},
		{"a week without a day", when(`{"frequency":"weekly","time":"02:30","time_zone":"UTC"}`), 422, "invalid", "schedule.weekday"},
		{"a cron line of words", when(`{"frequency":"cron","cron":"at night","time_zone":"UTC"}`), 422, "invalid", "schedule.cron"},
		{"a cron line that is never due", when(`{"frequency":"cron","cron":"0 0 31 2 *","time_zone":"UTC"}`), 422, "invalid", "schedule.cron"},
		{"a plan of others meanwhile", with(ask{method: http.MethodPut, path: "/api/v1/backup-plans/" + planID, body: planBody}, "If-Match", `"p0"`), 412, "conflict", ""},
		{"a run of no plan", post("/api/v1/backup-plans/0198/run", ""), 404, "not_found", ""},
		{"a backup of nobody", post("/api/v1/backups/s-0000/verify", ""), 404, "not_found", ""},
		{"a backup that is a path", get("/backups/..%2f..%2fetc"), 404, "not_found", ""},
		{"a restore that is not confirmed", post(restore, `{"backup_id":"`+backupID+`","confirm":""}`), 422, "invalid", "confirm"},
		{"a restore of no backup", post(restore, `{"backup_id":"s-0000","confirm":"web-1"}`), 422, "invalid", "backup_id"},
		{"files of a snapshot", post(restore, `{"backup_id":"`+backupID+`","confirm":"web-1","paths":["/etc"]}`), 422, "invalid", "paths"},
		{"a snapshot of another instance", post("/api/v1/instances/"+strangerID+"/restore", `{"backup_id":"`+backupID+`","confirm":"web-2"}`), 422, "invalid", "backup_id"},
		{"a new server of a name that is taken", post(restore, `{"backup_id":"`+backupID+`","new_server_name":"web-2"}`), 422, "invalid", "new_server_name"},
		{"a new server of no name", post(restore, `{"backup_id":"`+backupID+`","new_server_name":" x"}`), 422, "invalid", "new_server_name"},
		{"another flavor in place", post(restore, `{"backup_id":"`+backupID+`","confirm":"web-1","flavor":"m1.tiny"}`), 422, "invalid", "flavor"},
		{"other networks in place", post(restore, `{"backup_id":"`+backupID+`","confirm":"web-1","networks":["x"]}`), 422, "invalid", "networks"},
		{"an instance that is gone, in place", post(gone, `{"backup_id":"`+goneBackupID+`","confirm":"old-1"}`), 422, "invalid", "new_server_name"},
		{"an instance that is gone, of no known flavor", post(gone, `{"backup_id":"`+goneBackupID+`","new_server_name":"new-1"}`), 422, "invalid", "flavor"},
		{"an instance that is gone, of no known network", post(gone, `{"backup_id":"`+goneBackupID+`","new_server_name":"new-1","flavor":"m1.tiny"}`), 422, "invalid", "networks"},
		{"an instance that is gone, by a backup of another", post(gone, `{"backup_id":"`+backupID+`","new_server_name":"new-1"}`), 404, "not_found", ""},
		{"files of all together", post("/api/v1/backup-plans", strings.Replace(planBody, `"snapshot"`, `"soft","directories":["/data"],"snapshot":{"consistency_group":true}`, 1)), 422, "invalid", "snapshot.consistency_group"},
		{"a forged token of backups", get("/backups?page_token=e30"), 422, "invalid", "page_token"},
	}
}

func badHeaders() []bad {
	key := strings.Repeat("k", 256)
	return []bad{
		{"a change without the CSRF token", with(post(launch, `{}`), csrfHeader, ""), 403, "forbidden", ""},
		{"a change with another CSRF token", with(post(launch, `{}`), csrfHeader, "x"), 403, "forbidden", ""},
		{"a forged cookie", with(post(launch, `{}`), "Cookie", sessionCookie+"="+base64.RawURLEncoding.EncodeToString(make([]byte, 200))), 401, "unauthorized", ""},
		{"a cookie cut short", with(post(launch, `{}`), "Cookie", sessionCookie+"=AAAA"), 401, "unauthorized", ""},
		{"a cookie that is no base64", with(post(launch, `{}`), "Cookie", sessionCookie+"=%00"), 401, "unauthorized", ""},
		{"another content type", with(post(launch, `{}`), "Content-Type", "text/plain"), 415, "invalid", ""},
		{"a form", with(post(launch, `version=4`), "Content-Type", "application/x-www-form-urlencoded"), 415, "invalid", ""},
		{"too long a key", with(post(launch, `{}`), "Idempotency-Key", key), 422, "invalid", "Idempotency-Key"},
		{"a token of nobody", with(post(launch, `{}`), "X-Auth-Token", "gAAAA"), 401, "unauthorized", ""},
		{"a credential of nobody", with(post(launch, `{}`), "Authorization", basic("a", "b")), 401, "unauthorized", ""},
	}
}

func TestBadRequestsAreToldAndStartNothing(t *testing.T) {
	h := newTestServer(t)
	cases := slices.Concat(badBodies(), badPaths(), badInstances(), badBackups(), badHeaders())
	require.GreaterOrEqual(t, len(cases), 70)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.ask.as = identity.Administrator
			answer := h.send(t, c.ask)
			require.Equal(t, c.status, answer.Code, answer.Body.String())
			p := problem(t, answer)
			require.Equal(t, c.code, p.Code)
			if c.field != "" {
				require.NotEmpty(t, p.Errors, answer.Body.String())
				var fields []string
				for _, f := range p.Errors {
					fields = append(fields, f.Field)
					require.NotEmpty(t, f.Message)
				}
				require.Contains(t, fields, c.field)
			}
			require.Empty(t, answer.Header().Values("Set-Cookie"))
		})
	}
	require.Zero(t, h.work.count.Load(), "a refused request has started work")
}

// A browser would open a sign-in box of its own at a Basic challenge, and our page would wait for it.
func TestRefusedSignInAsksForNoBrowserBox(t *testing.T) {
	h := newTestServer(t)
	for _, accept := range []string{"", "*/*", "application/json", "text/html"} {
		answer := h.send(t, ask{method: http.MethodGet, path: "/api/v1/session", header: map[string]string{"Accept": accept}})
		require.Equal(t, http.StatusUnauthorized, answer.Code)
		require.NotEmpty(t, answer.Header().Get("WWW-Authenticate"), "RFC 9110 asks for a challenge")
		require.NotContains(t, answer.Header().Get("WWW-Authenticate"), "Basic")
	}
}

// Header values of callers never reach an answer's headers unless they are plain.
func TestHeadersAreNotInjected(t *testing.T) {
	h := newTestServer(t)
	for _, id := range []string{"a\r\nSet-Cookie: x=1", "a\x00b", "a b", "é", strings.Repeat("a", 65)} {
		answer := h.send(t, ask{method: http.MethodGet, path: "/api/v1/info", header: map[string]string{requestIDHeader: id}})
		require.NotEqual(t, id, answer.Header().Get(requestIDHeader))
		require.Len(t, answer.Header().Get(requestIDHeader), 36)
	}
	answer := h.send(t, ask{method: http.MethodGet, path: "/api/v1/info", header: map[string]string{requestIDHeader: "run-17"}})
	require.Equal(t, "run-17", answer.Header().Get(requestIDHeader))
	audit := h.send(t, ask{method: http.MethodGet, path: "/api/v1/audit/export?format=csv%0d%0aX:y", as: identity.Operator})
	require.Equal(t, http.StatusUnprocessableEntity, audit.Code)
	require.Empty(t, audit.Header().Get("Content-Disposition"))
}

// A cookie is bound to this manager's key and to its end.
func TestSessionsEndAndBelongToOneKey(t *testing.T) {
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
		answer := h.send(t, ask{method: http.MethodGet, path: "/api/v1/session", header: map[string]string{"Cookie": cookie}})
		require.Equal(t, http.StatusUnauthorized, answer.Code, name)
		require.Equal(t, "unauthorized", problem(t, answer).Code)
	}
}
