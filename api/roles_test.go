package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
)

// route is one operation of the contract: the role that it requires, and a valid request.
type route struct {
	need identity.Role
	path string
	body string
}

// routes lists every operation of the contract with the role that it requires.
var routes = map[string]route{
	"getInfo":      {public, "/info", ""},
	"openSession":  {public, "/session", `{"username":"viewer","password":"viewer"}`},
	"getSession":   {identity.Viewer, "/session", ""},
	"closeSession": {identity.Viewer, "/session", ""},

	"listTasks":     {identity.Viewer, "/tasks", ""},
	"getTask":       {identity.Viewer, "/tasks/" + runningTask, ""},
	"getTaskLog":    {identity.Viewer, "/tasks/" + runningTask + "/log", ""},
	"listTaskLog":   {identity.Viewer, "/tasks/" + runningTask + "/log/lines?limit=10", ""},
	"followTaskLog": {identity.Viewer, "/tasks/" + runningTask + "/log/events", ""},
	"watchTask":     {identity.Viewer, "/tasks/" + runningTask + "/events", ""},
	"watchEvents":   {identity.Viewer, "/events", ""},
	"cancelTask":    {identity.Operator, "/tasks/" + runningTask + "/cancel", ""},
	"retryTask":     {identity.Operator, "/tasks/" + runningTask + "/retry", ""},

	"getStack":         {identity.Viewer, "/stack", ""},
	"getStackOptions":  {identity.Viewer, "/stack/options", ""},
	"getStackTopology": {identity.Viewer, "/stack/topology", ""},
	"listStackEvents":  {identity.Viewer, "/stack/events", ""},
	"preflightStack":   {identity.Operator, "/stack/preflight", `{"name":"toolbox","preset":"small"}`},
	"deployStack":      {identity.Operator, "/stack", `{"name":"toolbox","preset":"small"}`},
	"updateStack":      {identity.Operator, "/stack", `{"nodes":2}`},
	"deleteStack":      {identity.Operator, "/stack?confirm=toolbox", ""},

	"listApps":         {identity.Viewer, "/apps", ""},
	"getApp":           {identity.Viewer, "/apps/ntp", ""},
	"getAppIcon":       {identity.Viewer, "/apps/ntp/icon", ""},
	"listAppRevisions": {identity.Viewer, "/apps/ntp/revisions", ""},
	"planApp":          {identity.Viewer, "/apps/ntp/plan", ""},
	"configureApp":     {identity.Operator, "/apps/ntp/settings", `{"environment":{},"parameters":{}}`},
	"launchApp":        {identity.Operator, "/apps/ntp/launch", `{}`},
	"stopApp":          {identity.Operator, "/apps/ntp/stop", ""},
	"uninstallApp":     {identity.Operator, "/apps/ntp/uninstall", `{}`},

	"listInstances":    {identity.Viewer, "/instances", ""},
	"getInstance":      {identity.Viewer, "/instances/" + enrolledID, ""},
	"connectInstance":  {identity.Operator, "/instances/" + enrolledID + "/connect", ""},
	"unenrollInstance": {identity.Operator, "/instances/" + enrolledID, ""},
	"installAgent":     {identity.Operator, "/instances/" + enrolledID + "/agents/ntp", ""},
	"removeAgent":      {identity.Operator, "/instances/" + enrolledID + "/agents/ntp", ""},
	"batchAgents":      {identity.Operator, "/agents:batch", `{"instances":["` + enrolledID + `"],"apps":["ntp"],"action":"check"}`},

	"createEnrollmentToken": {identity.Operator, "/enrollment-tokens", `{"label":"web servers"}`},
	"listEnrollmentTokens":  {identity.Viewer, "/enrollment-tokens", ""},
	"revokeEnrollmentToken": {identity.Operator, "/enrollment-tokens/aaaaaaaaaaaa", ""},
	"getEnrollScript":       {public, "/enroll.sh", ""},
	"enroll": {public, "/enroll", `{"token":"` + goodToken + `","server_id":"` + strangerID +
		`","host_keys":["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3RqvTknOPKPBfvql4RahD6te4B8tUIJ6X2lNT88Pkm"],"facts":{}}`},
	"getEnrollStatus": {public, "/enroll/status", `{"token":"` + goodToken + `","server_id":"` + strangerID + `"}`},

	"listBackupPlans":    {identity.Viewer, "/backup-plans", ""},
	"createBackupPlan":   {identity.Operator, "/backup-plans", planBody},
	"previewBackupPlan":  {identity.Viewer, "/backup-plans/preview", `{"schedule":{"frequency":"daily","time":"02:30","time_zone":"Europe/Paris"}}`},
	"getBackupPlan":      {identity.Viewer, "/backup-plans/" + planID, ""},
	"replaceBackupPlan":  {identity.Operator, "/backup-plans/" + planID, planBody},
	"deleteBackupPlan":   {identity.Operator, "/backup-plans/" + planID, ""},
	"runBackupPlan":      {identity.Operator, "/backup-plans/" + planID + "/run", ""},
	"pauseBackupPlan":    {identity.Operator, "/backup-plans/" + planID + "/pause", `{"note":"maintenance"}`},
	"resumeBackupPlan":   {identity.Operator, "/backup-plans/" + planID + "/resume", ""},
	"listBackupPlanRuns": {identity.Viewer, "/backup-plans/" + planID + "/runs", ""},
	"previewRetention":   {identity.Viewer, "/backup-plans/" + planID + "/retention", ""},

	"listBackups":       {identity.Viewer, "/backups", ""},
	"getBackup":         {identity.Viewer, "/backups/" + backupID, ""},
	"holdBackup":        {identity.Operator, "/backups/" + backupID + "/hold", `{"held":true}`},
	"listBackupFiles":   {identity.Viewer, "/backups/" + backupID + "/files?path=/data", ""},
	"verifyBackup":      {identity.Operator, "/backups/" + backupID + "/verify", ""},
	"deleteBackup":      {identity.Operator, "/backups/" + backupID, ""},
	"listRestorePoints": {identity.Viewer, "/instances/" + enrolledID + "/restore-points", ""},
	"restoreInstance":   {identity.Operator, "/instances/" + enrolledID + "/restore", `{"backup_id":"` + backupID + `","confirm":"web-1"}`},

	"listNotifications": {identity.Viewer, "/notifications", ""},
	"testNotifications": {identity.Administrator, "/notifications/test", ""},

	"listAudit":   {identity.Viewer, "/audit", ""},
	"exportAudit": {identity.Viewer, "/audit/export?format=csv", ""},
}

// operations returns the contract's operations with their methods.
func (h *testServer) operations(t *testing.T) map[string]string {
	t.Helper()
	document, err := h.OpenAPI()
	require.NoError(t, err)
	out := map[string]string{}
	for _, item := range document.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
			http.MethodPatch: item.Patch, http.MethodDelete: item.Delete, http.MethodHead: item.Head, http.MethodOptions: item.Options} {
			if op != nil {
				out[op.OperationID] = method
			}
		}
	}
	require.NotEmpty(t, out)
	return out
}

var everyone = []identity.Role{identity.None, identity.Viewer, identity.Operator, identity.Administrator}

func TestRoutes_required_roles(t *testing.T) {
	h := newTestServer(t)
	operations := newTestServer(t).operations(t)
	for id := range routes {
		require.Contains(t, operations, id, "the table lists an operation that is not in the contract")
	}
	for id, method := range operations {
		r, ok := routes[id]
		if !assert.True(t, ok, "operation %s is missing in the table of roles", id) {
			continue
		}
		for _, who := range everyone {
			response := h.send(t, ask{method: method, path: "/api/v1" + r.path, body: r.body, as: who})
			switch {
			case r.need == public || who.Allows(r.need):
				assert.Less(t, response.Code, 400, "%s as %q: %s", id, who, response.Body)
				assert.NotContains(t, response.Body.String(), `"args":`, "a message leaves the API as text")
			case who == identity.None:
				assert.Equal(t, http.StatusUnauthorized, response.Code, "%s as nobody", id)
				assert.Equal(t, "unauthorized", problem(t, response).Code)
			default:
				assert.Equal(t, http.StatusForbidden, response.Code, "%s as %s", id, who)
				assert.Equal(t, "forbidden", problem(t, response).Code)
			}
		}
	}
}

func TestAuthenticate_every_credential(t *testing.T) {
	h := newTestServer(t)
	for _, who := range everyone[1:] {
		for name, credential := range map[string]string{"X-Auth-Token": string(who), "Authorization": basic(string(who), string(who))} {
			response := h.send(t, ask{method: http.MethodPost, path: "/api/v1/apps/ntp/launch", body: `{}`, header: map[string]string{name: credential}})
			want := http.StatusAccepted
			if who == identity.Viewer {
				want = http.StatusForbidden
			}
			require.Equal(t, want, response.Code, "%s by %s: %s", who, name, response.Body)
		}
	}
}

// Temporal Web and the payload codec are restricted to administrators.
func TestTemporalWebAndCodec_roles(t *testing.T) {
	h := newTestServer(t)
	want := map[identity.Role]int{identity.None: http.StatusUnauthorized, identity.Viewer: http.StatusForbidden, identity.Operator: http.StatusForbidden, identity.Administrator: http.StatusOK}
	for who, status := range want {
		for _, a := range []ask{{method: http.MethodGet, path: "/temporal/"}, {method: http.MethodPost, path: "/temporal/api/v1/x"},
			{method: http.MethodPost, path: "/codec/decode", body: `{"payloads":[]}`}} {
			a.as = who
			response := h.send(t, a)
			require.Equal(t, status, response.Code, "%s %s as %q", a.method, a.path, who)
		}
	}
	page := h.send(t, ask{method: http.MethodGet, path: "/temporal/", header: map[string]string{"Accept": "text/html"}})
	require.Equal(t, http.StatusSeeOther, page.Code)
	require.Equal(t, "/sign-in", page.Header().Get("Location"))
	token := h.send(t, ask{method: http.MethodPost, path: "/codec/decode", header: map[string]string{"X-Auth-Token": "administrator"}})
	require.Equal(t, http.StatusUnauthorized, token.Code, "only a browser session gives access")
}

// Cancel and retry require the role of the task's operation.
func TestChangeTask_roles(t *testing.T) {
	h := newTestServer(t)
	h.Operations = map[string]operation.Operation{"vault.open": {Name: "vault.open", Role: identity.Administrator}}
	h.tasks.operation = "vault.open"
	for _, verb := range []string{"cancel", "retry"} {
		path := "/api/v1/tasks/" + runningTask + "/" + verb
		require.Equal(t, http.StatusForbidden, h.send(t, ask{method: http.MethodPost, path: path, as: identity.Operator}).Code)
		require.Equal(t, http.StatusAccepted, h.send(t, ask{method: http.MethodPost, path: path, as: identity.Administrator}).Code)
	}
	h.tasks.operation = "of.another.release"
	require.Equal(t, http.StatusForbidden, h.send(t, ask{method: http.MethodPost, path: "/api/v1/tasks/" + runningTask + "/cancel", as: identity.Administrator}).Code)
	require.Equal(t, int32(2), h.tasks.count.Load())
}

// Refused changes are audited; refused reads are not.
func TestRefusals_audited(t *testing.T) {
	h := newTestServer(t)
	h.send(t, ask{method: http.MethodPost, path: "/api/v1/apps/ntp/launch", body: `{}`, as: identity.Viewer})
	h.send(t, ask{method: http.MethodGet, path: "/api/v1/apps", as: identity.Viewer})
	require.Len(t, h.audit.records, 1)
	r := h.audit.records[0]
	require.Equal(t, "launchApp refused viewer", strings.Join([]string{r.Operation, r.Outcome, r.Actor.Name}, " "))
	require.Contains(t, r.Detail.String(), "operator")
}
