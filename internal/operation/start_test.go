package operation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/operation"
)

// Temporal rejects a task whose search attribute is too large, so the attribute has only the targets that fit.
func TestRequest_LimitsTheTargetsAttribute(t *testing.T) {
	r := operation.Request{Operation: "agent.install"}
	for range 1000 {
		r.Targets = append(r.Targets, operation.Target{Kind: "instance", ID: strings.Repeat("0", 36)})
	}
	targets := func() []string {
		list, ok := temporal.NewSearchAttributes(r.Attributes()...).GetKeywordList(temporal.NewSearchAttributeKeyKeywordList(operation.TargetsKey))
		require.True(t, ok)
		raw, err := json.Marshal(list)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), operation.MaxTargetsBytes)
		return list
	}
	require.Len(t, targets(), 42)
	saved := operation.MaxTargetsBytes
	t.Cleanup(func() { operation.MaxTargetsBytes = saved })
	operation.MaxTargetsBytes = operation.EmbeddedMaxTargetsBytes
	require.Len(t, targets(), 1000)
}
