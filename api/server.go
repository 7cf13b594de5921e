// Package api implements the REST API with gin and huma: typed handlers that start operations and read the cloud.
// openapi.yaml in this folder is its committed contract.
package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/stack"
)

// Identities signs callers in and validates their credentials.
type Identities interface {
	SignIn(ctx context.Context, c identity.Credentials) (identity.Identity, error)
	Validate(ctx context.Context, token string) (identity.Identity, error)
	Revoke(ctx context.Context, token string) error
}

// Tasks starts operations and reads their tasks.
type Tasks interface {
	Start(ctx context.Context, s task.StartRequest) (task.Task, error)
	FindByIdempotencyKey(ctx context.Context, s task.StartRequest) (*task.Task, error)
	List(ctx context.Context, f task.Filter) (task.Page, error)
	Get(ctx context.Context, id string) (task.Task, error)
	Cancel(ctx context.Context, id string) (task.Task, error)
	Retry(ctx context.Context, id string, r operation.Request, userToken, key string) (task.Task, error)
	Log(ctx context.Context, id, step string) (*tasklog.View, error)
	FollowLog(ctx context.Context, id, step, cursor string, lines bool) <-chan task.LogUpdate
	Running(ctx context.Context, target operation.Target) (string, error)
	Watch(ctx context.Context, id string) <-chan task.Task
	WatchAll(ctx context.Context) <-chan task.Task
	RunningByTarget(ctx context.Context, kind string) (map[string]string, error)
	LatestByTarget(ctx context.Context, target operation.Target) (task.Task, error)
}

// Instances reads the project's servers.
type Instances interface {
	List(ctx context.Context) ([]instance.Instance, error)
	ListCached(ctx context.Context) ([]instance.Instance, error)
	Get(ctx context.Context, id string) (instance.Instance, error)
}

// Tokens creates and redeems enrollment tokens.
type Tokens interface {
	Create(ctx context.Context, in enrollment.CreateTokenOptions) (t enrollment.Token, text string, err error)
	List(ctx context.Context) ([]enrollment.Token, error)
	Revoke(ctx context.Context, id string) (enrollment.Token, error)
	Redeem(ctx context.Context, text, server, source string) (enrollment.Token, error)
	Authenticate(ctx context.Context, text, server string) (enrollment.Token, error)
}

// Plans stores backup plans.
type Plans interface {
	Create(ctx context.Context, p backup.Plan) (backup.PlanStatus, error)
	Get(ctx context.Context, id string) (backup.PlanStatus, error)
	List(ctx context.Context, after string, n int) (list []backup.PlanStatus, more bool, err error)
	Replace(ctx context.Context, p backup.Plan, etag string) (backup.PlanStatus, error)
	Pause(ctx context.Context, id, note string) (backup.PlanStatus, error)
	Resume(ctx context.Context, id string) (backup.PlanStatus, error)
	Observation(ctx context.Context) (map[string]backup.PlanObservation, error)
	Delete(ctx context.Context, id string) error
}

// Backups reads backups.
type Backups interface {
	List(ctx context.Context) ([]backup.Backup, error)
	Get(ctx context.Context, id string) (backup.Backup, error)
	Hold(ctx context.Context, b backup.Backup, held bool) error
	Files(ctx context.Context, id, dir, query string, limit int, pageToken string) (backup.FilesPage, error)
}

// NotificationStatus reads the notification channels and their last deliveries.
type NotificationStatus interface {
	Channels(ctx context.Context) ([]notification.ChannelStatus, error)
}

// Stacks reads the toolbox stack.
type Stacks interface {
	Get(ctx context.Context) (stack.Stack, error)
	Name(ctx context.Context) (string, error)
	Topology(ctx context.Context) (stack.Topology, error)
	Events(ctx context.Context) ([]stack.Event, error)
	Options(ctx context.Context) (stack.Options, error)
	Preflight(ctx context.Context, p stack.Parameters, userToken string, restricted bool) (stack.Report, error)
}

// Apps reads the catalogue and the installed apps.
type Apps interface {
	List(ctx context.Context) ([]app.App, error)
	Get(ctx context.Context, name string) (app.App, error)
	GetFresh(ctx context.Context, name string) (app.App, error)
	Icon(name string) ([]byte, error)
	Revisions(ctx context.Context, name string) ([]app.Revision, error)
	UpgradeDiff(ctx context.Context, name, version string) ([]app.PlanRow, error)
	CheckSettings(ctx context.Context, name string, s app.Settings) (plain app.Settings, changes []operation.Change, err error)
}

// Audit is the audit store.
type Audit interface {
	Append(ctx context.Context, r audit.Record) error
	List(ctx context.Context, f audit.Filter) ([]audit.Record, error)
	Each(ctx context.Context, f audit.Filter, visit func(audit.Record) error) error
}

// Probe checks one dependency for readiness.
type Probe struct {
	Name  string
	Check func(context.Context) error
}

// Config holds the settings of the API.
type Config struct {
	Version       string
	Sandbox       bool
	TemporalWeb   http.Handler // nil: not served
	HorizonURL    string
	AccountURL    string
	SessionKey    []byte // 32 bytes; encrypts the session cookie
	SecureCookies bool
	SignInHints   []SignInHint
	Defaults      SignInDefaults
	UI            http.Handler
	Metrics       http.Handler
	Codec         http.Handler // payload codec for Temporal Web
	Enrollment    enrollment.Templates
	PublicKey     string // the manager's key, one line of authorized_keys
	Middleware    []gin.HandlerFunc
}

// Server serves the REST API.
type Server struct {
	Config
	Identities    Identities
	Tasks         Tasks
	Stacks        Stacks
	Apps          Apps
	Instances     Instances
	Tokens        Tokens
	Plans         Plans
	Backups       Backups
	Notifications NotificationStatus
	Audit         Audit
	Operations    map[string]operation.Operation
	Probes        []Probe

	sessions     sessions
	loginLimiter *loginLimiter
}

// Limits of one request.
const (
	maxBody     = 1 << 20
	readTimeout = 30 * time.Second
)

// Handler returns the router. It must be called once.
func (s *Server) Handler() (http.Handler, error) {
	r, _, err := s.router()
	return r, err
}

// OpenAPI returns the contract that is generated from the code.
func (s *Server) OpenAPI() (*huma.OpenAPI, error) {
	_, api, err := s.router()
	if err != nil {
		return nil, err
	}
	return api.OpenAPI(), nil
}

func (s *Server) router() (*gin.Engine, huma.API, error) {
	replaceErrors()
	if err := s.sessions.init(s.SessionKey); err != nil {
		return nil, nil, err
	}
	s.loginLimiter = newLoginLimiter()
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	if err := r.SetTrustedProxies(nil); err != nil {
		return nil, nil, err
	}
	r.Use(s.Middleware...)
	r.Use(requestID, accessLog, recovery, secureHeaders, countRequests)
	r.NoRoute(s.notFound)
	r.NoMethod(func(c *gin.Context) { writeProblem(c, newProblem(http.StatusMethodNotAllowed, i18n.Message{})) })
	s.serviceRoutes(r)

	config := huma.DefaultConfig("MyCloudManager", "1.0.0")
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Servers = []*huma.Server{{URL: "/api/v1"}}
	config.Info.Description = "Manages an OpenStack project: its toolbox stack, apps, instances, agents and backups."
	config.DocsPath = ""
	config.CreateHooks = nil
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"token":   {Type: "apiKey", In: "header", Name: "X-Auth-Token"},
		"basic":   {Type: "http", Scheme: "basic", Description: "application credential id and secret"},
	}
	api := humagin.NewWithGroup(r, r.Group("/api/v1"), config)
	api.UseMiddleware(s.language, s.authenticate(api))
	for _, register := range []func(huma.API){s.sessionRoutes, s.taskRoutes, s.logRoutes, s.eventRoutes, s.stackRoutes, s.appRoutes, s.instanceRoutes, s.enrollmentRoutes, s.planRoutes, s.backupRoutes, s.notificationRoutes, s.auditRoutes} {
		register(api)
	}
	return r, api, completeContract(api.OpenAPI())
}

const roleKey = "role"

// public marks an operation that requires no sign-in.
const public = identity.Role("public")

// handle registers an operation with the role that it requires. Every operation is registered here, so access is denied
// by default.
func handle[I, O any](api huma.API, need identity.Role, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	prepare(&op, need)
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}

func prepare(op *huma.Operation, need identity.Role) {
	op.Metadata = map[string]any{roleKey: need}
	op.MaxBodyBytes = maxBody
	op.BodyReadTimeout = readTimeout
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge,
		http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if need != public {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}, {"basic": {}}}
		op.Description = strings.TrimSpace("Required role: " + string(need) + ". " + op.Description)
	}
}

func taskURL(id string) string { return "/api/v1/tasks/" + id }
