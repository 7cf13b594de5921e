// Package server is the composition root: it builds all parts of the product from the configuration and connects them. No
// other package imports every part.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/operation/temporal"
	"mycloudmanager/internal/platform/config"
	"mycloudmanager/internal/platform/encryption"
	"mycloudmanager/internal/platform/supervisor"
	"mycloudmanager/internal/platform/telemetry"
	"mycloudmanager/internal/stack"
	"mycloudmanager/worker"
)

// Mode selects the parts that run in this process.
type Mode struct {
	API     bool
	Worker  bool
	Sandbox bool // with the simulated cloud
}

// app holds all parts of the running product.
type app struct {
	config    config.Config
	mode      Mode
	version   string
	cloud     *openstack.Cloud
	keyring   *encryption.Keyring
	audit     *audit.Store
	telemetry *telemetry.Telemetry
	catalog   *catalog.Catalog
	logs      *tasklog.Log
	records   *backup.Records
	backupKey []byte
	cluster   *cluster.Cluster
	publicKey string
	instances *ssh.Dialer
	texts     enrollment.Templates
	notifier  *notification.Notifier
	embedded  *supervisor.Temporal
	temporal  client.Client
	listener  net.Listener

	closers []func()
}

const (
	temporalTimeout = 30 * time.Second
	cloudTimeout    = 30 * time.Second
)

// open opens all parts in the order of their dependencies. It closes the opened ones after an error.
func open(ctx context.Context, c config.Config, mode Mode, version string) (*app, error) {
	p := &app{config: c, mode: mode, version: version}
	for _, step := range []func(context.Context) error{p.openPort, p.openData, p.openCloud, p.awaitCloud, p.openCluster, p.seedSandbox, p.openTemporal} {
		if err := step(ctx); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *app) close() {
	for _, closer := range slices.Backward(p.closers) {
		closer()
	}
}

func (p *app) onClose(f func()) { p.closers = append(p.closers, f) }

// openPort listens first: a port in use is the most frequent error at the start.
func (p *app) openPort(ctx context.Context) error {
	if !p.mode.API {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.config.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fault.New(fault.Invalid, err, "%s is taken by another program: set MCM_LISTEN to another address", p.config.Listen)
	}
	if err != nil {
		return fault.New(fault.Invalid, err, "cannot listen on %s: %v", p.config.Listen, err)
	}
	p.listener = l
	p.onClose(func() { _ = l.Close() })
	return nil
}

func (p *app) openData(ctx context.Context) error {
	if err := os.MkdirAll(p.config.DataDir, 0o700); err != nil {
		return fault.New(fault.Invalid, err, "data folder: %v", err)
	}
	var err error
	if p.keyring, err = encryption.OpenKeyring(p.path("keys")); err != nil {
		return fault.New(fault.Invalid, err, "key ring: %v", err)
	}
	if p.backupKey, err = encryption.Key(p.path(backup.KeyFile)); err != nil {
		return fault.New(fault.Invalid, err, "backup key: %v", err)
	}
	if err := p.openAudit(ctx); err != nil {
		return err
	}
	if p.telemetry, err = telemetry.Open(ctx); err != nil {
		return err
	}
	p.onClose(func() { //nolint:contextcheck // it runs after ctx has ended
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.telemetry.Close(ctx)
	})
	return nil
}

func (p *app) openAudit(ctx context.Context) error {
	key, err := encryption.Key(p.path("audit.key"))
	if err != nil {
		return fault.New(fault.Invalid, err, "audit key: %v", err)
	}
	where := p.config.AuditURL
	if where == "" {
		where = p.path("audit.db")
	}
	if p.audit, err = audit.Open(ctx, where, key); err != nil {
		return fault.New(fault.Unavailable, err, "%v", err)
	}
	p.onClose(func() { _ = p.audit.Close() })
	return nil
}

func (p *app) path(name string) string { return filepath.Join(p.config.DataDir, name) }

func (p *app) openCloud(ctx context.Context) error {
	var err error
	if !p.mode.Sandbox {
		p.cloud, err = openstack.FromEnvironment()
	} else {
		err = p.openSandbox(ctx)
	}
	if err != nil {
		return err
	}
	// The retention of logs is that of tasks.
	p.logs = &tasklog.Log{Store: p.cloud.Objects, Keep: p.config.Retention()}
	p.records = &backup.Records{Store: p.cloud.Objects}
	return nil
}

// awaitCloud authenticates the manager. It waits for an unavailable cloud, and returns an error if the cloud refuses the
// credential.
func (p *app) awaitCloud(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cloudTimeout)
	defer cancel()
	for {
		_, err := p.cloud.Manager(ctx)
		if err == nil || fault.KindOf(err) != fault.Unavailable || fault.KindOf(errors.Unwrap(err)) == fault.Unauthorized {
			return err
		}
		slog.Warn("the cloud does not respond yet", "err", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

func (p *app) openCluster(context.Context) error {
	var err error
	if p.catalog, err = catalog.Load(deploy.Files); err != nil {
		return err
	}
	signer, err := ssh.LoadKey(p.path("ssh_identity"))
	if err != nil {
		return fault.New(fault.Invalid, err, "SSH identity: %v", err)
	}
	p.publicKey = ssh.AuthorizedKey(signer)
	dial := (&net.Dialer{Timeout: 15 * time.Second}).DialContext
	if proxy := p.config.SSHProxy; proxy != "" {
		dial = ssh.HTTPConnectDialer(proxy)
	} else if p.mode.Sandbox {
		dial = ssh.HTTPConnectDialer(p.config.SandboxListen)
	}
	provider := &ssh.KubeconfigProvider{Kubeconfig: p.config.Kubeconfig, CacheDir: p.path("cache"), Cloud: p.cloud, Signer: signer, Dial: dial}
	p.cluster = &cluster.Cluster{Provider: provider}
	return p.openInstances(provider)
}

// openInstances opens what enrollment and agents need in addition to the connection to the cluster.
func (p *app) openInstances(provider *ssh.KubeconfigProvider) error {
	key, err := os.ReadFile(p.path("ssh_identity"))
	if err != nil {
		return fault.New(fault.Invalid, err, "SSH identity: %v", err)
	}
	p.instances = &ssh.Dialer{Kubeconfig: provider, Key: key}
	if p.texts, err = enrollment.LoadTemplates(deploy.Files, publicURL(p.config)); err != nil {
		return err
	}
	p.notifier, err = openNotifier(p.config)
	return err
}

func publicURL(c config.Config) string {
	if c.PublicURL == "" {
		return "http://" + c.Listen
	}
	return c.PublicURL
}

// openNotifier opens the notification channels, and returns an error if a secret cannot be read.
func openNotifier(c config.Config) (*notification.Notifier, error) {
	n := c.Notifications
	return notification.Open(notification.Config{MailTo: n.MailTo, MailFrom: n.MailFrom, SMTPAddress: n.SMTPAddress, SMTPUser: n.SMTPUser, SMTPPasswordFile: n.SMTPPasswordFile,
		SMTPCAFile: n.SMTPCA, WebhookURLs: n.WebhookURLs, SecretFile: n.WebhookSecretFile, Language: n.Language, PublicURL: publicURL(c)})
}

// codecPath is the path of the payload codec for Temporal Web; administrators only.
const codecPath = "/codec"

// webPath is the path of Temporal Web.
const webPath = "/temporal"

func (p *app) openTemporal(ctx context.Context) error {
	c := temporal.Config{Address: p.config.TemporalAddress, Namespace: p.config.TemporalNamespace, Retention: p.config.Retention(), Metrics: p.telemetry.SDK}
	for _, t := range p.telemetry.Tracing {
		c.Interceptors = append(c.Interceptors, t)
	}
	var err error
	if c.Address == "" {
		if p.embedded, err = p.startEmbedded(ctx); err != nil {
			return err
		}
		p.onClose(p.embedded.Stop)
		c.Address, c.TLS = p.embedded.Frontend, p.embedded.TLS
		operation.MaxTargetsBytes = operation.EmbeddedMaxTargetsBytes
	} else if c.TLS, err = p.config.TemporalTLSConfig(); err != nil {
		return fault.New(fault.Invalid, err, "%v", err)
	}
	if file := p.config.TemporalAPIKeyFile; file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return fault.New(fault.Invalid, err, "temporal-api-key-file: %v", err)
		}
		c.APIKey = strings.TrimSpace(string(raw))
	}
	if p.temporal, err = temporal.Connect(ctx, c, p.keyring, temporalTimeout); err != nil {
		return err
	}
	p.onClose(p.temporal.Close)
	return nil
}

func (p *app) startEmbedded(ctx context.Context) (*supervisor.Temporal, error) {
	return supervisor.StartTemporal(ctx, supervisor.TemporalOptions{
		Executable: p.config.TemporalExecutable, DataDir: p.path("temporal"), Namespace: p.config.TemporalNamespace,
		PublicPath: webPath, CodecEndpoint: "http://" + p.config.Listen + codecPath,
	})
}

// workerDeps returns the dependencies of the worker's activities.
func (p *app) workerDeps() (worker.Dependencies, error) {
	template, err := stack.LoadTemplate(deploy.Files)
	if err != nil {
		return worker.Dependencies{}, err
	}
	engines, err := backup.LoadScripts(deploy.Files)
	parts := worker.Dependencies{Cloud: p.cloud, Cluster: p.cluster, Catalog: p.catalog, Template: template, PublicKey: p.publicKey,
		Log: p.logs, Records: p.records, BackupKey: p.backupKey, Engines: engines, Recorder: &audit.Recorder{Store: p.audit}, Converter: p.keyring.Converter(),
		Instances: p.instances, Playbooks: &ansible.Runner{}, Script: p.texts.Script(), Plans: p.plans(), Notifier: p.notifier, Runs: p.tasks()}
	if err == nil {
		err = p.setProxyCommand(&parts)
	}
	if p.mode.Sandbox {
		parts.PollInterval = time.Duration(float64(2*time.Second) / max(1, p.config.SandboxSpeed))
	}
	for _, t := range p.telemetry.Tracing {
		parts.Tracing = append(parts.Tracing, interceptor.WorkerInterceptor(t))
	}
	return parts, err
}
