package operation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/operation"
)

// Temporal refuses a task whose search attribute is too large, so only the targets that fit are in it.
func TestRequest_TargetsFitTheSearchAttribute(t *testing.T) {
	r := operation.Request{Operation: "agent.install"}
	for range 1000 {
		r.Targets = append(r.Targets, operation.Target{Kind: "instance", ID: strings.Repeat("0", 36)})
	}
	found := func() []string {
		list, ok := temporal.NewSearchAttributes(r.Attributes()...).GetKeywordList(temporal.NewSearchAttributeKeyKeywordList(operation.TargetsKey))
		require.True(t, ok)
		raw, err := json.Marshal(list)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), operation.MaxTargetsBytes)
		return list
	}
	require.Len(t, found(), 42)
	usual := operation.MaxTargetsBytes
	t.Cleanup(func() { operation.MaxTargetsBytes = usual })
	operation.MaxTargetsBytes = operation.EmbeddedMaxTargetsBytes
	require.Len(t, found(), 1000)
}
