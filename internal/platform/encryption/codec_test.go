package encryption_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"mycloudmanager/internal/platform/encryption"
)

func ring(t *testing.T, dir string) *encryption.Keyring {
	t.Helper()
	r, err := encryption.OpenKeyring(dir)
	require.NoError(t, err)
	return r
}

const secret = "zabbix-password"

func sealed(t *testing.T, r *encryption.Keyring) *commonpb.Payload {
	t.Helper()
	p, err := r.Converter().ToPayload(map[string]string{"password": secret})
	require.NoError(t, err)
	require.NotContains(t, p.String(), secret)
	require.False(t, bytes.Contains(p.Data, []byte(secret)))
	return p
}

func opened(t *testing.T, r *encryption.Keyring, p *commonpb.Payload) string {
	t.Helper()
	var out map[string]string
	require.NoError(t, r.Converter().FromPayload(p, &out))
	return out["password"]
}

func TestKeyring_EncodeDecode(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	one, two := sealed(t, r), sealed(t, r)
	require.NotEqual(t, one.Data, two.Data, "the same input looks the same")
	require.Equal(t, secret, opened(t, r, one))
	require.Equal(t, secret, opened(t, ring(t, dir), two), "after a restart")
}

func TestKeyring_Rotate(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	old := sealed(t, r)
	require.Equal(t, "0002", r.NextID())
	require.NoError(t, r.Rotate(r.NextID()))
	fresh := sealed(t, r)
	require.Equal(t, "0001", string(old.Metadata["mcm-key"]))
	require.Equal(t, "0002", string(fresh.Metadata["mcm-key"]))
	again := ring(t, dir)
	require.Equal(t, secret, opened(t, again, old))
	require.Equal(t, secret, opened(t, again, fresh))
	require.Equal(t, "0003", again.NextID())
	require.Error(t, again.Rotate("0001"), "a key that is not newer would never be used")

	require.NoError(t, os.Remove(filepath.Join(dir, "0001.key")))
	_, err := ring(t, dir).Decode([]*commonpb.Payload{old})
	require.ErrorContains(t, err, `"0001" is not in the ring`)
}

func TestKeyring_FilePermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, ring(t, dir).Rotate("0002"))
	folder, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	one, err := encryption.Key(filepath.Join(dir, "session"))
	require.NoError(t, err)
	require.Len(t, one, 32)
	two, err := encryption.Key(filepath.Join(dir, "session"))
	require.NoError(t, err)
	require.Equal(t, one, two)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "a temporary file was left")
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
		require.EqualValues(t, 32, info.Size())
	}
}

func TestKeyring_InvalidKey(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "0001.key")
	require.NoError(t, os.WriteFile(file, []byte("short"), 0o600))
	_, err := encryption.OpenKeyring(dir)
	require.ErrorContains(t, err, file)
	_, err = encryption.Key(file)
	require.ErrorContains(t, err, "32 bytes")
}

// Payloads of other programs, and payloads without encryption, are returned unchanged.
func TestKeyring_ForeignPayloads(t *testing.T) {
	r := ring(t, t.TempDir())
	foreign, err := converter.GetDefaultDataConverter().ToPayload("plain")
	require.NoError(t, err)
	out, err := r.Decode([]*commonpb.Payload{foreign, sealed(t, r), {}})
	require.NoError(t, err)
	require.Equal(t, foreign, out[0])
	require.Contains(t, string(out[1].Data), secret)
	require.Len(t, out, 3)
}

func TestKeyring_TamperedPayloads(t *testing.T) {
	r := ring(t, t.TempDir())
	require.NoError(t, r.Rotate("0002"))
	for name, change := range map[string]func(*commonpb.Payload){
		"a bit":         func(p *commonpb.Payload) { p.Data[len(p.Data)/2] ^= 1 },
		"the nonce":     func(p *commonpb.Payload) { p.Data[0] ^= 1 },
		"cut":           func(p *commonpb.Payload) { p.Data = p.Data[:len(p.Data)-1] },
		"nearly empty":  func(p *commonpb.Payload) { p.Data = p.Data[:3] },
		"another key":   func(p *commonpb.Payload) { p.Metadata["mcm-key"] = []byte("0001") },
		"no key":        func(p *commonpb.Payload) { delete(p.Metadata, "mcm-key") },
		"a path as key": func(p *commonpb.Payload) { p.Metadata["mcm-key"] = []byte("../0002") },
	} {
		p := sealed(t, r)
		change(p)
		_, err := r.Decode([]*commonpb.Payload{p})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), secret)
	}
	_, err := ring(t, t.TempDir()).Decode([]*commonpb.Payload{sealed(t, ring(t, t.TempDir()))})
	require.Error(t, err, "a ring of another manager")
}
