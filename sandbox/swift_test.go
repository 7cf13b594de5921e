package sandbox_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"

	"github.com/ncw/swift/v2"
	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox/sandboxtest"
)

func TestSwift_objects(t *testing.T) {
	c := sandboxtest.Start(t)
	conn := &swift.Connection{AuthUrl: c.AuthURL, UserName: "demo", ApiKey: "demo", Domain: "Default", Tenant: "demo", TenantDomain: "Default", AuthVersion: 3}
	require.NoError(t, conn.Authenticate(t.Context()))
	for _, name := range []string{"logs", "segments"} {
		require.NoError(t, conn.ContainerCreate(t.Context(), name, swift.Headers{"X-Container-Meta-Owner": "mcm"}))
	}
	_, h, err := conn.Container(t.Context(), "logs")
	require.NoError(t, err)
	require.Equal(t, "mcm", h["X-Container-Meta-Owner"])

	for _, name := range []string{"a/1", "a/2", "b//odd name?.jsonl"} {
		require.NoError(t, conn.ObjectPutString(t.Context(), "logs", name, "one line\n", "text/plain"))
	}
	names, err := conn.ObjectNamesAll(t.Context(), "logs", &swift.ObjectsOpts{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []string{"a/1", "a/2", "b//odd name?.jsonl"}, names)
	dirs, err := conn.ObjectNames(t.Context(), "logs", &swift.ObjectsOpts{Delimiter: '/'})
	require.NoError(t, err)
	require.Equal(t, []string{"a/", "b/"}, dirs)
	text, err := conn.ObjectGetString(t.Context(), "logs", "b//odd name?.jsonl")
	require.NoError(t, err)
	require.Equal(t, "one line\n", text)
	require.NoError(t, conn.ObjectUpdate(t.Context(), "logs", "a/1", swift.Headers{"X-Object-Meta-Task": "t1"}))
	_, h, err = conn.Object(t.Context(), "logs", "a/1")
	require.NoError(t, err)
	require.Equal(t, "t1", h["X-Object-Meta-Task"])

	data := make([]byte, 300_000)
	_, err = rand.Read(data)
	require.NoError(t, err)
	slo, err := conn.StaticLargeObjectCreate(t.Context(), &swift.LargeObjectOpts{Container: "logs", ObjectName: "slo", SegmentContainer: "segments",
		ChunkSize: 70_000, ContentType: "application/octet-stream"})
	require.NoError(t, err)
	dlo, err := conn.DynamicLargeObjectCreate(t.Context(), &swift.LargeObjectOpts{Container: "logs", ObjectName: "dlo", SegmentContainer: "segments",
		ChunkSize: 70_000, ContentType: "application/octet-stream"})
	require.NoError(t, err)
	for _, w := range []io.WriteCloser{slo, dlo} {
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	for _, name := range []string{"slo", "dlo"} {
		got, err := conn.ObjectGetBytes(t.Context(), "logs", name)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got), name)
		f, _, err := conn.ObjectOpen(t.Context(), "logs", name, false, swift.Headers{"Range": "bytes=69990-140010"})
		require.NoError(t, err)
		got, err = io.ReadAll(f)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data[69990:140011], got), name)
	}
	require.ErrorIs(t, conn.ContainerDelete(t.Context(), "logs"), swift.ContainerNotEmpty)
	require.NoError(t, conn.LargeObjectDelete(t.Context(), "logs", "slo"))
	_, _, err = conn.Object(t.Context(), "logs", "slo")
	require.ErrorIs(t, err, swift.ObjectNotFound)
}
