package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"mycloudmanager/api"
	"mycloudmanager/internal/app/status"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/schedule"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/config"
	"mycloudmanager/internal/platform/encryption"
	"mycloudmanager/internal/stack"
	"mycloudmanager/ui"
	"mycloudmanager/worker"
	"mycloudmanager/workflows"
)

const shutdownTimeout = 10 * time.Second

// Run runs the product until ctx ends. It writes lines for the user at the terminal to say.
func Run(ctx context.Context, c config.Config, mode Mode, version string, say io.Writer) error {
	p, err := open(ctx, c, mode, version)
	if err != nil {
		return err
	}
	defer p.close()
	failed := make(chan error, 1)
	if mode.Worker {
		if err := p.startWorker(); err != nil {
			return err
		}
	}
	if err := p.reconcileSchedules(ctx); err != nil {
		return err
	}
	if mode.API {
		if err := p.serveHTTP(failed); err != nil { //nolint:contextcheck // the server outlives ctx until its requests have ended
			return err
		}
		printBanner(say, c, mode)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// startWorker starts the worker, which reconnects to Temporal itself.
func (p *app) startWorker() error {
	parts, err := p.workerDeps()
	if err != nil {
		return err
	}
	w := worker.New(p.temporal, temporal.TaskQueue, parts)
	if err := w.Start(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	p.onClose(w.Stop)
	return nil
}

// reconcileSchedules creates the schedules of the manager's own checks.
func (p *app) reconcileSchedules(ctx context.Context) error {
	s, err := p.cloud.Manager(ctx)
	if err != nil {
		return err
	}
	by := schedule.Initiator{Actor: schedule.Manager, Role: string(identity.Operator), Project: s.ProjectID()}
	plans := schedule.Schedule{Name: "plans", Workflow: operation.ActivityName(workflows.CheckPlanHealth), Interval: p.config.PlanCheckInterval}
	if plans.Interval == 0 {
		plans.Cron = schedule.Disabled
	}
	return schedule.Reconcile(ctx, p.temporal, temporal.TaskQueue, by, []schedule.Schedule{
		{Name: "agents", Workflow: operation.ActivityName(workflows.CheckAgentDrift), Cron: p.config.AgentDriftSchedule},
		{Name: "backups", Workflow: operation.ActivityName(workflows.VerifyStaleBackups), Cron: p.config.BackupVerifySchedule},
		plans,
	})
}

func (p *app) serveHTTP(failed chan<- error) error {
	s, err := p.apiServer()
	if err != nil {
		return err
	}
	handler, err := s.Handler()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug)}
	go func() {
		if err := server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	p.onClose(func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		// Event streams end only when their connections are closed.
		time.AfterFunc(time.Second, func() { _ = server.Close() })
		_ = server.Shutdown(ctx)
	})
	return nil
}

func (p *app) apiServer() (*api.Server, error) {
	key, err := encryption.Key(p.path("session.key"))
	if err != nil {
		return nil, err
	}
	c := p.config
	s := &api.Server{
		Config: api.Config{
			Version: p.version, Sandbox: p.mode.Sandbox, HorizonURL: c.HorizonURL, AccountURL: c.AccountURL, SessionKey: key,
			SecureCookies: c.SecureCookies, UI: ui.Handler(), Metrics: p.telemetry.Metrics, Codec: http.StripPrefix(codecPath, converter.NewPayloadCodecHTTPHandler(p.keyring)),
			Defaults: p.signInDefaults(), Enrollment: p.texts, PublicKey: p.publicKey,
		},
		Identities:    &identity.Service{Cloud: p.cloud},
		Tasks:         p.tasks(),
		Stacks:        &stack.Reader{Cloud: p.cloud, Cluster: p.cluster},
		Apps:          &status.Reader{Catalog: p.catalog, Cluster: p.cluster, Cloud: p.cloud},
		Instances:     &instance.Reader{Cloud: p.cloud, Catalog: p.catalog},
		Tokens:        &enrollment.Tokens{Temporal: p.temporal, Namespace: c.TemporalNamespace, TaskQueue: temporal.TaskQueue, Converter: p.keyring.Converter()},
		Plans:         p.plans(),
		Backups:       &backup.Reader{Cloud: p.cloud, Records: p.records},
		Notifications: &notification.StatusReader{Notifier: p.notifier, Temporal: p.temporal, Namespace: c.TemporalNamespace, Converter: p.keyring.Converter()},
		Audit:         p.audit,
		Operations:    workflows.ByName(),
		Probes:        p.probes(),
	}
	if p.embedded != nil {
		s.TemporalWeb = temporalWebProxy(p.embedded.Web, p.embedded.TLS)
	}
	if p.mode.Sandbox {
		s.SignInHints = []api.SignInHint{{Username: "admin", Password: "admin", Role: identity.Administrator},
			{Username: "demo", Password: "demo", Role: identity.Operator}, {Username: "viewer", Password: "viewer", Role: identity.Viewer}}
	}
	return s, nil
}

func (p *app) tasks() *task.Service {
	return &task.Service{Temporal: p.temporal, Namespace: p.config.TemporalNamespace, TaskQueue: temporal.TaskQueue, Converter: p.keyring.Converter(),
		Operations: workflows.ByName(), StepTitles: workflows.StepTitles(), TemporalWeb: p.embedded != nil, Logs: p.logs}
}

func (p *app) plans() *backup.Plans {
	return &backup.Plans{Temporal: p.temporal, TaskQueue: temporal.TaskQueue, Converter: p.keyring.Converter()}
}

// signInDefaults returns the usual project and domains for the sign-in page.
func (p *app) signInDefaults() api.SignInDefaults {
	d := api.SignInDefaults{UserDomain: "Default", ProjectDomain: "Default"}
	if s, err := p.cloud.Manager(context.Background()); err == nil {
		d.Project = s.Grant().ProjectName
	}
	return d
}

// temporalWebProxy returns a proxy to Temporal Web, which accepts only the client certificate of this process.
func temporalWebProxy(address string, t *tls.Config) http.Handler {
	target := &url.URL{Scheme: "https", Host: address}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.Out.Header.Del("Accept-Encoding") // localCodec reads the response
		if r.In.TLS != nil {
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		} else if proto := r.In.Header.Get("X-Forwarded-Proto"); proto != "" {
			r.Out.Header.Set("X-Forwarded-Proto", proto)
		}
	}}
	proxy.Transport = &http.Transport{TLSClientConfig: t}
	proxy.ModifyResponse = localCodec
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		slog.Warn("Temporal Web does not respond", "err", err)
		w.WriteHeader(http.StatusBadGateway)
	}
	return proxy
}

// localCodec replaces the address of the payload codec in the settings of Temporal Web by the address that the browser
// has used, which differs behind a proxy.
func localCodec(response *http.Response) error {
	if !strings.HasSuffix(response.Request.URL.Path, "/api/v1/settings") || response.StatusCode != http.StatusOK {
		return nil
	}
	var settings map[string]any
	if err := json.NewDecoder(response.Body).Decode(&settings); err != nil {
		return err
	}
	if c, ok := settings["Codec"].(map[string]any); ok {
		scheme := "http://"
		if response.Request.Header.Get("X-Forwarded-Proto") == "https" {
			scheme = "https://"
		}
		c["Endpoint"] = scheme + response.Request.Host + codecPath
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(raw))
	response.ContentLength = int64(len(raw))
	response.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	return nil
}

func (p *app) probes() []api.Probe {
	return []api.Probe{
		{Name: "temporal", Check: func(ctx context.Context) error {
			_, err := p.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}},
		{Name: "audit", Check: p.audit.Ping},
		{Name: "cloud", Check: func(ctx context.Context) error {
			s, err := p.cloud.Manager(ctx)
			if err != nil {
				return err
			}
			_, err = p.cloud.WithToken(ctx, s.Token())
			return err
		}},
	}
}

func printBanner(say io.Writer, c config.Config, mode Mode) {
	fmt.Fprintf(say, "\n  MyCloudManager is ready: http://%s\n", c.Listen)
	if mode.Sandbox {
		fmt.Fprintf(say, "  Sandbox cloud:           http://%s   (users admin/admin, demo/demo, viewer/viewer; project demo)\n", c.SandboxListen)
	}
	fmt.Fprintln(say)
}

// Setup prepares the logging of a server process.
func Setup(c config.Config) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked by config
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if c.LogFormat == "json" {
		handler = slog.NewJSONHandler(os.Stderr, options)
	}
	// Messages of libraries through the standard log are written at level debug: net/http logs a message for each
	// response of an older Swift with an unexpected body.
	slog.SetLogLoggerLevel(slog.LevelDebug)
	slog.SetDefault(slog.New(handler))
}

// Check tests the configuration and the connections, and prints the results. It starts nothing.
func Check(ctx context.Context, c config.Config, say io.Writer) error {
	if _, err := os.Stat(c.TemporalExecutable); c.TemporalAddress == "" && err != nil {
		return fmt.Errorf("temporal-executable: %w (run `make build`)", err)
	}
	p := &app{config: c}
	if err := p.openCloud(ctx); err != nil {
		return err
	}
	s, err := p.cloud.Manager(ctx)
	if err != nil {
		return err
	}
	g := s.Grant()
	fmt.Fprintf(say, "cloud    %s: project %s, user %s, role %s\n", p.cloud.AuthURL(), g.ProjectName, g.UserName, identity.RoleFromKeystone(g.Roles))
	fmt.Fprintf(say, "data     %s\n", filepath.Clean(c.DataDir))
	sender, err := openNotifier(c)
	if err != nil {
		return err
	}
	for _, channel := range sender.Channels() {
		fmt.Fprintf(say, "notifications  %s: %s\n", channel.Kind, channel.Address)
	}
	return nil
}

// VerifyAudit verifies the audit chain.
func VerifyAudit(ctx context.Context, c config.Config, say io.Writer) error {
	p := &app{config: c}
	defer p.close()
	if err := p.openAudit(ctx); err != nil {
		return err
	}
	broken, err := p.audit.Verify(ctx)
	if err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("the audit was changed or cut at record %d", broken)
	}
	fmt.Fprintln(say, "the audit is whole: every record follows from the one before")
	return nil
}
