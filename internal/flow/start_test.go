package flow_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/flow"
)

// Temporal refuses a task whose search attribute is too large: the targets that it is found by are as many as fit.
func TestTargetsFitTheirAttribute(t *testing.T) {
	r := flow.Request{Operation: "agent.install"}
	for range 1000 {
		r.Targets = append(r.Targets, flow.Target{Kind: "instance", ID: strings.Repeat("0", 36)})
	}
	found := func() []string {
		list, ok := temporal.NewSearchAttributes(r.Attributes()...).GetKeywordList(temporal.NewSearchAttributeKeyKeywordList(flow.TargetsKey))
		require.True(t, ok)
		raw, err := json.Marshal(list)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), flow.TargetsRoom)
		return list
	}
	require.Len(t, found(), 42)
	usual := flow.TargetsRoom
	t.Cleanup(func() { flow.TargetsRoom = usual })
	flow.TargetsRoom = flow.EmbeddedRoom
	require.Len(t, found(), 1000)
}
