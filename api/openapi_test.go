package api

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/workflows"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The committed contract must match the code: `make generate` rewrites it.
func TestOpenAPI_matches_committed_file(t *testing.T) {
	s := &Server{Config: Config{SessionKey: make([]byte, 32)}, Operations: workflows.ByName()}
	document, err := s.OpenAPI()
	require.NoError(t, err)
	got, err := document.YAML()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("openapi.yaml", got, 0o644))
	}
	want, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run `make generate`")
}
