package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

func TestPickPlanTakesANameOrAnIDAndNeverGuesses(t *testing.T) {
	all := []plan{{ID: "1", Name: "web"}, {ID: "2", Name: "db"}, {ID: "3", Name: "web"}}
	for name, want := range map[string]string{"db": "2", "3": "3"} {
		if p, err := pickPlan(all, name); err != nil || p.ID != want {
			t.Errorf("pickPlan(%q) is %q, %v; want %q", name, p.ID, err, want)
		}
	}
	for name, want := range map[string]string{"web": "1, 3", "mail": "no backup plan"} {
		if _, err := pickPlan(all, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pickPlan(%q) says %v; want %q in it", name, err, want)
		}
	}
}

func TestAPlanTellsWhenItRunsNextOrWhyNot(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	for want, p := range map[string]plan{
		"paused the move":     {Paused: true, Note: "the move"},
		"-":                   {},
		"2026-11-25 02:30:00": {NextRuns: []time.Time{at}},
	} {
		if got := p.next(); got != want {
			t.Errorf("next is %q, want %q", got, want)
		}
	}
}

func TestAPlanForAllTogether(t *testing.T) {
	raw := []byte(`{"name":"shop","method":"snapshot"}`)
	body, err := settings(raw, true)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"name": "shop", "method": "snapshot", "snapshot": backup.SnapshotOptions{ConsistencyGroup: true}}, body)
	body, err = settings(raw, false)
	require.NoError(t, err)
	require.NotContains(t, body, "snapshot")
	_, err = settings([]byte("no"), false)
	require.Error(t, err)
}

func TestAPlanTellsSinceWhenItIsStale(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	for want, p := range map[string]plan{"-": {}, "since 2026-11-25 02:30:00": {OverdueInstances: &at}} {
		if got := p.overdue(); got != want {
			t.Errorf("stale is %q, want %q", got, want)
		}
	}
}
