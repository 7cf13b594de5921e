package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/flow"
	"mycloudmanager/internal/roles"
)

// route is one operation of the contract: who may use it, and a request that is right.
type route struct {
	need roles.Role
	path string
	body string
}

// routes is the table of who may do what. Every operation of the contract stands here.
var routes = map[string]route{
	"getInfo":      {public, "/info", ""},
	"openSession":  {public, "/session", `{"username":"viewer","password":"viewer"}`},
	"getSession":   {roles.Viewer, "/session", ""},
	"closeSession": {roles.Viewer, "/session", ""},

	"listTasks":     {roles.Viewer, "/tasks", ""},
	"getTask":       {roles.Viewer, "/tasks/" + runningTask, ""},
	"getTaskLog":    {roles.Viewer, "/tasks/" + runningTask + "/log", ""},
	"listTaskLog":   {roles.Viewer, "/tasks/" + runningTask + "/log/lines?limit=10", ""},
	"followTaskLog": {roles.Viewer, "/tasks/" + runningTask + "/log/events", ""},
	"watchTask":     {roles.Viewer, "/tasks/" + runningTask + "/events", ""},
	"watchEvents":   {roles.Viewer, "/events", ""},
	"cancelTask":    {roles.Operator, "/tasks/" + runningTask + "/cancel", ""},
	"retryTask":     {roles.Operator, "/tasks/" + runningTask + "/retry", ""},

	"getStack":         {roles.Viewer, "/stack", ""},
	"getStackOptions":  {roles.Viewer, "/stack/options", ""},
	"getStackTopology": {roles.Viewer, "/stack/topology", ""},
	"listStackEvents":  {roles.Viewer, "/stack/events", ""},
	"preflightStack":   {roles.Operator, "/stack/preflight", `{"name":"toolbox","preset":"small"}`},
	"deployStack":      {roles.Operator, "/stack", `{"name":"toolbox","preset":"small"}`},
	"updateStack":      {roles.Operator, "/stack", `{"nodes":2}`},
	"deleteStack":      {roles.Operator, "/stack?confirm=toolbox", ""},

	"listApps":         {roles.Viewer, "/apps", ""},
	"getApp":           {roles.Viewer, "/apps/ntp", ""},
	"getAppIcon":       {roles.Viewer, "/apps/ntp/icon", ""},
	"listAppRevisions": {roles.Viewer, "/apps/ntp/revisions", ""},
	"planApp":          {roles.Viewer, "/apps/ntp/plan", ""},
	"configureApp":     {roles.Operator, "/apps/ntp/settings", `{"environment":{},"parameters":{}}`},
	"launchApp":        {roles.Operator, "/apps/ntp/launch", `{}`},
	"stopApp":          {roles.Operator, "/apps/ntp/stop", ""},
	"uninstallApp":     {roles.Operator, "/apps/ntp/uninstall", `{}`},

	"listInstances":    {roles.Viewer, "/instances", ""},
	"getInstance":      {roles.Viewer, "/instances/" + enrolledID, ""},
	"connectInstance":  {roles.Operator, "/instances/" + enrolledID + "/network", ""},
	"unenrollInstance": {roles.Operator, "/instances/" + enrolledID, ""},
	"installAgent":     {roles.Operator, "/instances/" + enrolledID + "/agents/ntp", ""},
	"removeAgent":      {roles.Operator, "/instances/" + enrolledID + "/agents/ntp", ""},
	"batchAgents":      {roles.Operator, "/agents:batch", `{"instances":["` + enrolledID + `"],"apps":["ntp"],"action":"check"}`},

	"createEnrollmentToken": {roles.Operator, "/enrollment-tokens", `{"label":"web servers"}`},
	"listEnrollmentTokens":  {roles.Viewer, "/enrollment-tokens", ""},
	"revokeEnrollmentToken": {roles.Operator, "/enrollment-tokens/aaaaaaaaaaaa", ""},
	"getEnrollScript":       {public, "/enroll.sh", ""},
	"enroll": {public, "/enroll", `{"token":"` + goodToken + `","server_id":"` + strangerID +
		`","host_keys":["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3RqvTknOPKPBfvql4RahD6te4B8tUIJ6X2lNT88Pkm"],"facts":{}}`},
	"getEnrollStatus": {public, "/enroll/status", `{"token":"` + goodToken + `","server_id":"` + strangerID + `"}`},

	"listBackupPlans":    {roles.Viewer, "/backup-plans", ""},
	"createBackupPlan":   {roles.Operator, "/backup-plans", planBody},
	"previewBackupPlan":  {roles.Viewer, "/backup-plans/preview", `{"schedule":{"frequency":"daily","time":"02:30","time_zone":"Europe/Paris"}}`},
	"getBackupPlan":      {roles.Viewer, "/backup-plans/" + planID, ""},
	"replaceBackupPlan":  {roles.Operator, "/backup-plans/" + planID, planBody},
	"deleteBackupPlan":   {roles.Operator, "/backup-plans/" + planID, ""},
	"runBackupPlan":      {roles.Operator, "/backup-plans/" + planID + "/run", ""},
	"pauseBackupPlan":    {roles.Operator, "/backup-plans/" + planID + "/pause", `{"note":"moving house"}`},
	"resumeBackupPlan":   {roles.Operator, "/backup-plans/" + planID + "/resume", ""},
	"listBackupPlanRuns": {roles.Viewer, "/backup-plans/" + planID + "/runs", ""},
	"previewRetention":   {roles.Viewer, "/backup-plans/" + planID + "/retention", ""},

	"listBackups":       {roles.Viewer, "/backups", ""},
	"getBackup":         {roles.Viewer, "/backups/" + backupID, ""},
	"holdBackup":        {roles.Operator, "/backups/" + backupID + "/hold", `{"held":true}`},
	"listBackupFiles":   {roles.Viewer, "/backups/" + backupID + "/files?path=/data", ""},
	"verifyBackup":      {roles.Operator, "/backups/" + backupID + "/verify", ""},
	"deleteBackup":      {roles.Operator, "/backups/" + backupID, ""},
	"listRestorePoints": {roles.Viewer, "/instances/" + enrolledID + "/restore-points", ""},
	"restoreInstance":   {roles.Operator, "/instances/" + enrolledID + "/restore", `{"backup_id":"` + backupID + `","confirm":"web-1"}`},

	"listNotices": {roles.Viewer, "/notices", ""},
	"testNotices": {roles.Administrator, "/notices/test", ""},

	"listAudit":   {roles.Viewer, "/audit", ""},
	"exportAudit": {roles.Viewer, "/audit/export?format=csv", ""},
}

// operations returns the contract's operations with their methods.
func (h *house) operations(t *testing.T) map[string]string {
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

var everyone = []roles.Role{roles.None, roles.Viewer, roles.Operator, roles.Administrator}

func TestEveryRouteAsksForItsRole(t *testing.T) {
	h := newHouse(t)
	operations := newHouse(t).operations(t)
	for id := range routes {
		require.Contains(t, operations, id, "the table names an operation that the contract lacks")
	}
	for id, method := range operations {
		r, ok := routes[id]
		if !assert.True(t, ok, "operation %s has no line in the table of roles", id) {
			continue
		}
		for _, who := range everyone {
			answer := h.send(t, ask{method: method, path: "/api/v1" + r.path, body: r.body, as: who})
			switch {
			case r.need == public || who.Allows(r.need):
				assert.Less(t, answer.Code, 400, "%s as %q: %s", id, who, answer.Body)
			case who == roles.None:
				assert.Equal(t, http.StatusUnauthorized, answer.Code, "%s as nobody", id)
				assert.Equal(t, "unauthorized", problem(t, answer).Code)
			default:
				assert.Equal(t, http.StatusForbidden, answer.Code, "%s as %s", id, who)
				assert.Equal(t, "forbidden", problem(t, answer).Code)
			}
		}
	}
}

func TestEveryCredentialMeetsTheSameDoor(t *testing.T) {
	h := newHouse(t)
	for _, who := range everyone[1:] {
		for name, credential := range map[string]string{"X-Auth-Token": string(who), "Authorization": basic(string(who), string(who))} {
			answer := h.send(t, ask{method: http.MethodPost, path: "/api/v1/apps/ntp/launch", body: `{}`, header: map[string]string{name: credential}})
			want := http.StatusAccepted
			if who == roles.Viewer {
				want = http.StatusForbidden
			}
			require.Equal(t, want, answer.Code, "%s by %s: %s", who, name, answer.Body)
		}
	}
}

// What is not ours, Temporal Web and the payload codec, is for administrators alone.
func TestTemporalWebAndCodecAreForAdministrators(t *testing.T) {
	h := newHouse(t)
	want := map[roles.Role]int{roles.None: http.StatusUnauthorized, roles.Viewer: http.StatusForbidden, roles.Operator: http.StatusForbidden, roles.Administrator: http.StatusOK}
	for who, status := range want {
		for _, a := range []ask{{method: http.MethodGet, path: "/temporal/"}, {method: http.MethodPost, path: "/temporal/api/v1/x"},
			{method: http.MethodPost, path: "/codec/decode", body: `{"payloads":[]}`}} {
			a.as = who
			answer := h.send(t, a)
			require.Equal(t, status, answer.Code, "%s %s as %q", a.method, a.path, who)
		}
	}
	page := h.send(t, ask{method: http.MethodGet, path: "/temporal/", header: map[string]string{"Accept": "text/html"}})
	require.Equal(t, http.StatusSeeOther, page.Code)
	require.Equal(t, "/sign-in", page.Header().Get("Location"))
	token := h.send(t, ask{method: http.MethodPost, path: "/codec/decode", header: map[string]string{"X-Auth-Token": "administrator"}})
	require.Equal(t, http.StatusUnauthorized, token.Code, "only the session of a browser opens it")
}

// A task may be cancelled and retried only by who could have started it.
func TestTasksAreTouchedByWhoMayStartThem(t *testing.T) {
	h := newHouse(t)
	h.Operations = map[string]flow.Operation{"vault.open": {Name: "vault.open", Role: roles.Administrator}}
	h.work.operation = "vault.open"
	for _, verb := range []string{"cancel", "retry"} {
		path := "/api/v1/tasks/" + runningTask + "/" + verb
		require.Equal(t, http.StatusForbidden, h.send(t, ask{method: http.MethodPost, path: path, as: roles.Operator}).Code)
		require.Equal(t, http.StatusAccepted, h.send(t, ask{method: http.MethodPost, path: path, as: roles.Administrator}).Code)
	}
	h.work.operation = "of.another.release"
	require.Equal(t, http.StatusForbidden, h.send(t, ask{method: http.MethodPost, path: "/api/v1/tasks/" + runningTask + "/cancel", as: roles.Administrator}).Code)
	require.Equal(t, int32(2), h.work.count.Load())
}

// Who was refused a change stands in the audit; who only looked does not.
func TestRefusedChangesAreAudited(t *testing.T) {
	h := newHouse(t)
	h.send(t, ask{method: http.MethodPost, path: "/api/v1/apps/ntp/launch", body: `{}`, as: roles.Viewer})
	h.send(t, ask{method: http.MethodGet, path: "/api/v1/apps", as: roles.Viewer})
	require.Len(t, h.book.records, 1)
	r := h.book.records[0]
	require.Equal(t, "launchApp refused viewer", strings.Join([]string{r.Operation, r.Outcome, r.Actor.Name}, " "))
	require.Contains(t, r.Detail, "operator")
}
