package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/instance"
)

func TestAgentsOf(t *testing.T) {
	i := instance.Instance{Agents: []instance.AgentState{{App: "graylog", State: instance.Absent}, {App: "ntp", State: instance.Installed}, {App: "zabbix", State: instance.Drifted}}}
	require.Equal(t, "ntp,zabbix(drifted)", agentsOf(i))
}
