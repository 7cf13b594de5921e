package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/platform/config"
)

// flags returns the parsed flags of a command.
func flags(t *testing.T, typed ...string) *pflag.FlagSet {
	t.Helper()
	for _, v := range os.Environ() { // the environment of the caller must not matter
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "MCM_") {
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.Flags(f)
	require.NoError(t, f.Parse(typed))
	return f
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "mcm.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func TestLoad_Defaults(t *testing.T) {
	c, err := config.Load(flags(t))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", c.Listen)
	require.Equal(t, "127.0.0.1:8090", c.SandboxListen)
	require.Equal(t, 365*24*time.Hour, c.Retention())
	require.NotEmpty(t, c.DataDir)
	require.Equal(t, "mcm-temporal", filepath.Base(c.TemporalExecutable))
	tls, err := c.TemporalTLSConfig()
	require.NoError(t, err)
	require.Nil(t, tls)
}

func TestLoad_Precedence(t *testing.T) {
	name := file(t, "listen: 127.0.0.1:1\nsandbox-listen: 127.0.0.1:1\nretention-days: 1\nsecure-cookies: true\n")
	f := flags(t, "--config", name, "--listen", "127.0.0.1:3")
	t.Setenv("MCM_LISTEN", "127.0.0.1:2")
	t.Setenv("MCM_SANDBOX_LISTEN", "127.0.0.1:2")
	c, err := config.Load(f)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:3", c.Listen, "the flag")
	require.Equal(t, "127.0.0.1:2", c.SandboxListen, "the variable")
	require.Equal(t, 1, c.RetentionDays, "the file")
	require.True(t, c.SecureCookies)
	require.Equal(t, "text", c.LogFormat, "the default")
}

func TestLoad_FileByVariable(t *testing.T) {
	f := flags(t)
	t.Setenv("MCM_CONFIG", file(t, "log-level: debug\n"))
	c, err := config.Load(f)
	require.NoError(t, err)
	require.Equal(t, "debug", c.LogLevel)
}

func TestLoad_ReportsAllErrors(t *testing.T) {
	absent := filepath.Join(t.TempDir(), "absent")
	f := flags(t, "--listen", "8080", "--sandbox-listen", "", "--temporal-address", "temporal", "--secure-cookies", "maybe", "--temporal-tls", "2",
		"--retention-days", "0", "--plan-check-interval", "*/5 * * * *", "--sandbox-speed", "-1", "--horizon-url", "javascript:alert(1)", "--account-url", "horizon", "--kubeconfig", absent,
		"--ssh-proxy", "squid", "--temporal-tls-ca", absent, "--temporal-tls-cert", absent, "--temporal-api-key-file", absent, "--log-level", "loud", "--log-format", "xml",
		"--audit-url", "mysql://u:hunter2@h/audit", "--data-dir", "", "--config", file(t, "listne: x\nnested:\n  deep: 1\n"))
	_, err := config.Load(f)
	require.Error(t, err)
	for _, name := range []string{"listen", "sandbox-listen", "temporal-address", "secure-cookies", "temporal-tls", "retention-days", "plan-check-interval", "sandbox-speed", "horizon-url",
		"account-url", "kubeconfig", "ssh-proxy", "temporal-tls-ca", "temporal-tls-cert", "temporal-api-key-file", "log-level", "log-format", "audit-url", "data-dir",
		"listne: no such setting", "nested.deep: no such setting", "temporal-tls-cert and temporal-tls-key"} {
		require.Regexp(t, `(?m)^`+name, err.Error())
	}
	require.NotContains(t, err.Error(), "hunter2")
}

// Invalid channels are rejected at the start. No error contains the URL of a webhook, which may contain a secret.
func TestLoad_NotificationChannels(t *testing.T) {
	absent, there := filepath.Join(t.TempDir(), "absent"), file(t, "x")
	_, err := config.Load(flags(t, "--notification-mail-to", "ops@example.org, nobody", "--notification-mail-from", "", "--smtp-address", "mail", "--smtp-user", "mcm", "--smtp-tls-ca", absent,
		"--notification-webhook-urls", "http://u:hunter2@hooks.example.org/x,ftp://hunter2,https://ok.example.org", "--notification-language", "de"))
	require.Error(t, err)
	for _, want := range []string{`notification-mail-to: "nobody" is not a mail address`, "notification-mail-from", "smtp-address", "smtp-user and smtp-password-file", "smtp-tls-ca", "notification-language",
		"notification-webhook-urls: number 1 is neither https:// nor on this machine", "notification-webhook-urls: number 2 is not a web address", "notification-webhook-secret-file: it is needed"} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "hunter2")
	f := flags(t, "--notification-mail-to", "ops@example.org,Anna <anna@example.org>", "--notification-mail-from", "mcm@example.org", "--smtp-address", "mail:587", "--smtp-user", "mcm",
		"--smtp-password-file", there, "--notification-webhook-urls", "https://hooks.example.org/?key=hunter2, http://127.0.0.1:9/x", "--notification-webhook-secret-file", there)
	c, err := config.Load(f)
	require.NoError(t, err)
	require.Equal(t, []string{"ops@example.org", "Anna <anna@example.org>"}, c.Notifications.MailTo)
	require.Len(t, c.Notifications.WebhookURLs, 2)
	require.NotContains(t, config.Print(f), "hunter2")
}

func TestLoad_Numbers(t *testing.T) {
	for _, args := range [][]string{{"--retention-days", "12x"}, {"--retention-days", "1.5"}, {"--retention-days", "36501"}, {"--sandbox-speed", "2fast"}, {"--sandbox-speed", "NaN"}, {"--sandbox-speed", "Inf"}} {
		_, err := config.Load(flags(t, args...))
		require.ErrorContains(t, err, strings.TrimPrefix(args[0], "--"), "%v", args)
	}
}

func TestLoad_UnreadableFile(t *testing.T) {
	_, err := config.Load(flags(t, "--config", filepath.Join(t.TempDir(), "absent.yaml")))
	require.ErrorContains(t, err, "config: ")
	_, err = config.Load(flags(t, "--config", file(t, "listen: [")))
	require.ErrorContains(t, err, "config: ")
}

func TestPrint_RedactsSecrets(t *testing.T) {
	const url = "postgres://mcm:hunter2@db/audit"
	for name, f := range map[string]*pflag.FlagSet{
		"flag": flags(t, "--audit-url", url), "file": flags(t, "--config", file(t, "audit-url: "+url+"\n")),
	} {
		_, err := config.Load(f)
		require.NoError(t, err)
		printed := config.Print(f)
		require.NotContains(t, printed, "hunter2", name)
		require.Regexp(t, `(?m)^audit-url +\*{8}$`, printed, name)
		require.Regexp(t, `(?m)^listen +127\.0\.0\.1:8080$`, printed, name)
	}
	require.Regexp(t, `(?m)^audit-url +$`, config.Print(flags(t)), "what is not set is not hidden")
}

func TestTemporalTLSConfig_EmptyCA(t *testing.T) {
	c, err := config.Load(flags(t, "--temporal-tls-ca", file(t, "no certificate")))
	require.NoError(t, err)
	_, err = c.TemporalTLSConfig()
	require.ErrorContains(t, err, "holds no certificate")
	c, err = config.Load(flags(t, "--temporal-tls", "true", "--temporal-tls-server-name", "temporal.example"))
	require.NoError(t, err)
	tls, err := c.TemporalTLSConfig()
	require.NoError(t, err)
	require.Equal(t, "temporal.example", tls.ServerName)
}
