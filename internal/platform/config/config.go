// Package config reads the configuration of the product: flags, MCM_* variables and a file.
package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Config holds all settings. The cloud credential comes from clouds.yaml or the OS_* variables, as for the openstack
// command line.
type Config struct {
	Listen        string
	DataDir       string
	SecureCookies bool
	LogLevel      string
	LogFormat     string

	TemporalAddress    string
	TemporalNamespace  string
	TemporalTLS        bool
	TemporalCA         string
	TemporalCert       string
	TemporalKey        string
	TemporalServerName string
	TemporalAPIKeyFile string
	TemporalExecutable string
	RetentionDays      int

	AuditURL             string
	Kubeconfig           string
	SSHProxy             string
	PublicURL            string        // without a path; "": http:// and Listen
	AgentDriftSchedule   string        // cron expression in UTC, or off
	BackupVerifySchedule string        // cron expression in UTC, or off
	PlanCheckInterval    time.Duration // 0: never
	Notifications        Notifications
	HorizonURL           string
	AccountURL           string

	SandboxListen string
	SandboxSpeed  float64
}

// setting is one setting: its flag is --name, its variable MCM_NAME.
type setting struct {
	name, fallback, help string
	secret               bool
}

func settings() []setting {
	return []setting{
		{name: "listen", fallback: "127.0.0.1:8080", help: "address of the UI and the API"},
		{name: "data-dir", fallback: defaultDataDir(), help: "folder of keys, audit file, embedded Temporal's file and caches"},
		{name: "secure-cookies", fallback: "false", help: "session cookies only over https: set it behind a TLS proxy"},
		{name: "log-level", fallback: "info", help: "debug, info, warn or error"},
		{name: "log-format", fallback: "text", help: "text or json"},
		{name: "temporal-address", help: "host:port of an external Temporal; empty: the embedded one"},
		{name: "temporal-namespace", fallback: "mcm", help: "Temporal namespace"},
		{name: "temporal-tls", fallback: "false", help: "speak TLS to the external Temporal"},
		{name: "temporal-tls-ca", help: "CA file of the external Temporal"},
		{name: "temporal-tls-cert", help: "client certificate file"},
		{name: "temporal-tls-key", help: "client key file"},
		{name: "temporal-tls-server-name", help: "name in the server's certificate"},
		{name: "temporal-api-key-file", help: "file with the API key of the external Temporal"},
		{name: "temporal-executable", fallback: besides("mcm-temporal"), help: "the embedded Temporal server"},
		{name: "retention-days", fallback: "365", help: "days that ended tasks are kept"},
		{name: "audit-url", help: "postgres:// URL of the audit store; empty: a file in the data folder", secret: true},
		{name: "kubeconfig", help: "use this cluster instead of the stack's own"},
		{name: "ssh-proxy", help: "host:port of an HTTP proxy that connects to the bastion of the stack with CONNECT; empty: no proxy"},
		{name: "public-url", help: "URL of the manager for users and instances; empty: http:// and listen"},
		{name: "agent-drift-schedule", fallback: "0 5 * * *", help: "schedule of the agents' drift check: a cron expression in UTC, or off"},
		{name: "backup-verify-schedule", fallback: "0 6 * * *", help: "schedule of the verification of backups that were not verified for a week: a cron expression in UTC, or off"},
		{name: "plan-check-interval", fallback: "30s", help: "interval of the check of backup plans for missed runs and overdue backups, or off"},
		{name: "horizon-url", help: "page of My Instances"},
		{name: "account-url", help: "page of My Account"},
		{name: "sandbox-listen", fallback: "127.0.0.1:8090", help: "address of the simulated cloud"},
		{name: "sandbox-speed", fallback: "1", help: "divides the simulated cloud's times"},
		{name: "notification-mail-to", help: "addresses that get notifications of backup plans, with commas between them; empty: no mail"},
		{name: "notification-mail-from", help: "address that mails come from"},
		{name: "smtp-address", help: "host:port of the mail server; port 465 is TLS at once, any other STARTTLS"},
		{name: "smtp-user", help: "user of the mail server; empty: it asks for none"},
		{name: "smtp-password-file", help: "file with that user's password"},
		{name: "smtp-tls-ca", help: "CA file of the mail server"},
		{name: "notification-language", fallback: "en", help: "language of notifications: en or fr"},
		{name: "notification-webhook-urls", help: "https:// addresses that get notifications, with commas between them", secret: true},
		{name: "notification-webhook-secret-file", help: "file with the secret that signs them: whsec_ and base64"},
	}
}

// Flags adds all settings to the flags of a command.
func Flags(f *pflag.FlagSet) {
	f.String("config", "", "YAML file with the same names (MCM_CONFIG)")
	for _, s := range settings() {
		f.String(s.name, s.fallback, s.help+" ("+variable(s.name)+")")
	}
}

func variable(name string) string {
	return "MCM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Load reads the settings: flags override variables, variables override the file. It reports all errors at once.
func Load(f *pflag.FlagSet) (Config, error) {
	v, err := sources(f)
	var faults []error
	if err != nil {
		faults = append(faults, err)
	} else if v.ConfigFileUsed() != "" {
		faults = append(faults, unknown(v)...)
	}
	c := Config{
		Listen: v.GetString("listen"), DataDir: v.GetString("data-dir"), LogLevel: v.GetString("log-level"), LogFormat: v.GetString("log-format"),
		TemporalAddress: v.GetString("temporal-address"), TemporalNamespace: v.GetString("temporal-namespace"),
		TemporalCA: v.GetString("temporal-tls-ca"), TemporalCert: v.GetString("temporal-tls-cert"), TemporalKey: v.GetString("temporal-tls-key"),
		TemporalServerName: v.GetString("temporal-tls-server-name"), TemporalAPIKeyFile: v.GetString("temporal-api-key-file"),
		TemporalExecutable: v.GetString("temporal-executable"), AuditURL: v.GetString("audit-url"), Kubeconfig: v.GetString("kubeconfig"),
		HorizonURL: v.GetString("horizon-url"), AccountURL: v.GetString("account-url"), SandboxListen: v.GetString("sandbox-listen"),
		SSHProxy: v.GetString("ssh-proxy"), PublicURL: v.GetString("public-url"), AgentDriftSchedule: v.GetString("agent-drift-schedule"), BackupVerifySchedule: v.GetString("backup-verify-schedule"),
		Notifications: notificationsOf(v),
	}
	faults = append(faults, c.parse(v)...)
	faults = append(faults, c.validate()...)
	return c, errors.Join(faults...)
}

// sources reads the sources of settings. It returns the readable ones with an error.
func sources(f *pflag.FlagSet) (*viper.Viper, error) {
	v := viper.New()
	v.SetEnvPrefix("MCM")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if err := v.BindPFlags(f); err != nil {
		return v, err
	}
	file := v.GetString("config")
	if file == "" {
		return v, nil
	}
	v.SetConfigFile(file)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		return v, fmt.Errorf("config: %w", err)
	}
	return v, nil
}

// unknown returns the entries of the file that are not settings.
func unknown(v *viper.Viper) []error {
	known := map[string]bool{"config": true}
	for _, s := range settings() {
		known[s.name] = true
	}
	raw := viper.New()
	raw.SetConfigFile(v.ConfigFileUsed())
	raw.SetConfigType("yaml")
	if err := raw.ReadInConfig(); err != nil {
		return []error{err}
	}
	var faults []error
	for _, key := range raw.AllKeys() {
		if !known[key] {
			faults = append(faults, fmt.Errorf("%s: no such setting", key))
		}
	}
	return faults
}

// maxSpeed keeps the durations of the simulated cloud above the resolution of timers.
const maxSpeed = 1e6

func (c *Config) parse(v *viper.Viper) []error {
	var faults []error
	boolean := func(name string, out *bool) {
		switch v.GetString(name) {
		case "true", "1", "yes":
			*out = true
		case "false", "0", "no", "":
		default:
			faults = append(faults, fmt.Errorf("%s: %q is neither true nor false", name, v.GetString(name)))
		}
	}
	boolean("secure-cookies", &c.SecureCookies)
	boolean("temporal-tls", &c.TemporalTLS)
	var err error
	if interval := v.GetString("plan-check-interval"); interval != "off" {
		if c.PlanCheckInterval, err = time.ParseDuration(interval); err != nil || c.PlanCheckInterval < 10*time.Second || c.PlanCheckInterval > 24*time.Hour {
			faults = append(faults, fmt.Errorf("plan-check-interval: %q is neither off nor a time between 10s and 24h, as 30s is", interval))
		}
	}
	if c.RetentionDays, err = strconv.Atoi(v.GetString("retention-days")); err != nil || c.RetentionDays < 1 || c.RetentionDays > 36500 {
		faults = append(faults, fmt.Errorf("retention-days: %q is not a number of days from 1 to 36500", v.GetString("retention-days")))
	}
	if c.SandboxSpeed, err = strconv.ParseFloat(v.GetString("sandbox-speed"), 64); err != nil || c.SandboxSpeed <= 0 || c.SandboxSpeed > maxSpeed || math.IsNaN(c.SandboxSpeed) {
		faults = append(faults, fmt.Errorf("sandbox-speed: %q is not a number above 0 and up to a million", v.GetString("sandbox-speed")))
	}
	return faults
}

func (c *Config) validate() []error {
	var faults []error
	for name, address := range map[string]string{"listen": c.Listen, "temporal-address": c.TemporalAddress, "sandbox-listen": c.SandboxListen, "ssh-proxy": c.SSHProxy} {
		if _, _, err := net.SplitHostPort(address); err != nil && (address != "" || (name != "temporal-address" && name != "ssh-proxy")) {
			faults = append(faults, fmt.Errorf("%s: %q is not host:port", name, address))
		}
	}
	for name, link := range map[string]string{"horizon-url": c.HorizonURL, "account-url": c.AccountURL} {
		if u, err := url.Parse(link); link != "" && (err != nil || (u.Scheme != "https" && u.Scheme != "http")) {
			faults = append(faults, fmt.Errorf("%s: %q is not a web address", name, link))
		}
	}
	for name, file := range map[string]string{"temporal-tls-ca": c.TemporalCA, "temporal-tls-cert": c.TemporalCert, "temporal-tls-key": c.TemporalKey,
		"temporal-api-key-file": c.TemporalAPIKeyFile, "kubeconfig": c.Kubeconfig} {
		if _, err := os.Stat(file); file != "" && err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return append(append(faults, c.validateChoices()...), c.Notifications.validate()...)
}

// validateChoices checks settings with fixed values, and settings that depend on others.
func (c *Config) validateChoices() []error {
	var faults []error
	if (c.TemporalCert == "") != (c.TemporalKey == "") {
		faults = append(faults, errors.New("temporal-tls-cert and temporal-tls-key: one without the other"))
	}
	if !oneOf(c.LogLevel, "debug", "info", "warn", "error") {
		faults = append(faults, fmt.Errorf("log-level: %q is not one of debug, info, warn, error", c.LogLevel))
	}
	if !oneOf(c.LogFormat, "text", "json") {
		faults = append(faults, fmt.Errorf("log-format: %q is neither text nor json", c.LogFormat))
	}
	if c.AuditURL != "" && !strings.HasPrefix(c.AuditURL, "postgres://") && !strings.HasPrefix(c.AuditURL, "postgresql://") {
		faults = append(faults, errors.New("audit-url: not a postgres:// address"))
	}
	if c.DataDir == "" {
		faults = append(faults, errors.New("data-dir: empty"))
	}
	return faults
}

func oneOf(s string, list ...string) bool {
	return slices.Contains(list, s)
}

// Retention returns how long closed tasks are kept.
func (c Config) Retention() time.Duration { return time.Duration(c.RetentionDays) * 24 * time.Hour }

// TemporalTLSConfig returns the TLS configuration for an external Temporal, or nil for plain text.
func (c Config) TemporalTLSConfig() (*tls.Config, error) {
	if !c.TemporalTLS && c.TemporalCA == "" && c.TemporalCert == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TemporalServerName}
	if c.TemporalCA != "" {
		pem, err := os.ReadFile(c.TemporalCA)
		if err != nil {
			return nil, err
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("temporal-tls-ca: %s holds no certificate", c.TemporalCA)
		}
	}
	if c.TemporalCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TemporalCert, c.TemporalKey)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// Print writes the settings with redacted secrets.
func Print(f *pflag.FlagSet) string {
	v, _ := sources(f) // Load has reported the error
	var out strings.Builder
	for _, s := range settings() {
		value := v.GetString(s.name)
		if s.secret && value != "" {
			value = "********"
		}
		fmt.Fprintf(&out, "%-26s %s\n", s.name, value)
	}
	return out.String()
}

func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "mycloudmanager")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "mycloudmanager")
	}
	return "mycloudmanager-data"
}

// besides returns the path of an executable in the directory of this one.
func besides(name string) string {
	own, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(own), name)
}
