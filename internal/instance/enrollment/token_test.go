package enrollment

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/deploy"
	"mycloudmanager/internal/fault"
)

func TestToken_Check(t *testing.T) {
	now := time.Now()
	id, text := generate()
	parsed, hash, err := parse(text)
	require.NoError(t, err)
	require.Equal(t, id, parsed)
	require.NotContains(t, hash, text)
	valid := Token{ID: id, Hash: hash, MaxUses: 1, ExpiresAt: now.Add(time.Hour)}
	used := []Use{{ServerID: "a"}}
	for name, c := range map[string]struct {
		change func(t *Token, r *Redeem)
		want   string
	}{
		"valid":                        {func(*Token, *Redeem) {}, ""},
		"wrong secret":                 {func(_ *Token, r *Redeem) { r.Hash = hashOf("guess") }, "the token is not valid"},
		"expired":                      {func(t *Token, _ *Redeem) { t.ExpiresAt = now }, "the token has expired: make a new one"},
		"revoked":                      {func(t *Token, _ *Redeem) { t.Revoked = true }, "the token was revoked"},
		"used":                         {func(t *Token, r *Redeem) { t.Uses, r.ServerID = used, "b" }, "the token was used already: make a new one"},
		"used by the same server":      {func(t *Token, _ *Redeem) { t.Uses = used }, ""},
		"for another server":           {func(t *Token, _ *Redeem) { t.InstanceID = "b" }, "the token is for another instance"},
		"for this server":              {func(t *Token, _ *Redeem) { t.InstanceID = "a" }, ""},
		"used, with one use left":      {func(t *Token, r *Redeem) { t.Uses, t.MaxUses, r.ServerID = used, 2, "b" }, ""},
		"expired, used by this server": {func(t *Token, _ *Redeem) { t.Uses, t.ExpiresAt = used, now }, "the token has expired: make a new one"},
		"revoked, wrong secret":        {func(t *Token, r *Redeem) { t.Revoked, r.Hash = true, "" }, "the token is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			token, r := valid, Redeem{Hash: hash, ServerID: "a"}
			c.change(&token, &r)
			err := token.Check(r, now)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
			require.Equal(t, fault.Forbidden, fault.KindOf(err))
		})
	}
}

func TestParse_refusesMalformedTokens(t *testing.T) {
	for _, text := range []string{"", "mcm_enr_", "mcm_enr_abc_def", "x" + strings.Repeat("a", 60), "mcm_enr_aaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbb!", "mcm_enr_aaaaaaaaaaaa'_bbbbbbbbbbbbbbbbbbbbbbbbbb"} {
		_, _, err := parse(text)
		require.EqualError(t, err, "the token is not valid", text)
	}
}

func TestTemplates_doNotExposeToken(t *testing.T) {
	templates, err := LoadTemplates(deploy.Files, "http://manager:8080/")
	require.NoError(t, err)
	require.Contains(t, templates.Script(), "url='http://manager:8080'")
	require.NotContains(t, templates.Script(), "@MCM")
	command := templates.Command("mcm_enr_secret")
	require.True(t, strings.HasPrefix(command, "{ echo 'MCM_TOKEN=mcm_enr_secret';"), "echo is a shell builtin, so that no process has the token in its arguments")
	require.Equal(t, 1, strings.Count(command, "mcm_enr_secret"))
	require.Equal(t, 1, strings.Count(templates.CloudConfig("mcm_enr_secret"), "mcm_enr_secret"))
}

func TestSelectHostKey(t *testing.T) {
	const ed = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3RqvTknOPKPBfvql4RahD6te4B8tUIJ6X2lNT88Pkm"
	key, err := SelectHostKey([]string{"ssh-rsa AAAA", ed + " root@web-1"})
	require.NoError(t, err)
	require.Equal(t, ed, key)
	_, err = SelectHostKey([]string{"ssh-rsa AAAA", "nonsense"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}
