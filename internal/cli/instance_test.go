package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/sdk"
)

func TestAgentsOf(t *testing.T) {
	i := sdk.Instance{Agents: []sdk.AgentState{{App: "graylog", State: sdk.AgentStateStateAbsent},
		{App: "ntp", State: sdk.AgentStateStateInstalled}, {App: "zabbix", State: sdk.AgentStateStateDrifted}}}
	require.Equal(t, "ntp,zabbix(drifted)", agentsOf(i))
}
