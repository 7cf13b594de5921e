package cli

import (
	"strings"
	"testing"

	"mycloudmanager/internal/instances"
)

func TestPickTakesANameOrAnIDAndNeverGuesses(t *testing.T) {
	all := []instances.Instance{{ID: "1", Name: "web"}, {ID: "2", Name: "db"}, {ID: "3", Name: "web"}}
	for name, want := range map[string]string{"db": "2", "3": "3"} {
		if i, err := pick(all, name); err != nil || i.ID != want {
			t.Errorf("pick(%q) is %q, %v; want %q", name, i.ID, err, want)
		}
	}
	for name, want := range map[string]string{"web": "1, 3", "mail": "no instance"} {
		if _, err := pick(all, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pick(%q) says %v; want %q in it", name, err, want)
		}
	}
}

func TestAgentsOfTellsWhatIsNotSimplyInstalled(t *testing.T) {
	i := instances.Instance{Agents: []instances.AgentState{{App: "graylog", State: instances.Absent}, {App: "ntp", State: instances.Installed}, {App: "zabbix", State: instances.Drifted}}}
	if got := agentsOf(i); got != "ntp,zabbix(drifted)" {
		t.Error(got)
	}
}
