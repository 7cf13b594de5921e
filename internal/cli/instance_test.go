package cli

import (
	"strings"
	"testing"

	"mycloudmanager/internal/instance"
)

func TestPickTakesANameOrAnIDAndNeverGuesses(t *testing.T) {
	all := []instance.Instance{{ID: "1", Name: "web"}, {ID: "2", Name: "db"}, {ID: "3", Name: "web"}}
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
	i := instance.Instance{Agents: []instance.AgentState{{App: "graylog", State: instance.Absent}, {App: "ntp", State: instance.Installed}, {App: "zabbix", State: instance.Drifted}}}
	if got := agentsOf(i); got != "ntp,zabbix(drifted)" {
		t.Error(got)
	}
}
