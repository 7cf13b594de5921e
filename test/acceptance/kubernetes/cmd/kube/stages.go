package main

import (
	"fmt"
	"os"
	"strings"

	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodeheartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

// Labels with which a test makes a simulated node fall silent, as a dead kubelet would, and a pod stay Terminating,
// as one on a dead node does.
const (
	labelDead  = "mcm.test/dead"
	labelStuck = "mcm.test/stuck"
)

// writeStages writes kwok's own stages with those two labels and a heartbeat every second.
func writeStages(file string) error {
	const expressions = "    matchExpressions:\n"
	unless := func(label, stage string) edit {
		condition := "    - {key: '.metadata.labels[\"" + label + "\"]', operator: NotIn, values: ['true']}\n"
		return edit{stage, []string{expressions, expressions + condition}}
	}
	heartbeat := unless(labelDead, nodeheartbeat.DefaultNodeHeartbeat)
	heartbeat.replace = append(heartbeat.replace, "durationMilliseconds: 20000", "durationMilliseconds: 1000",
		"jitterDurationMilliseconds: 25000", "jitterDurationMilliseconds: 1200")
	edits := []edit{heartbeat, unless(labelDead, nodefast.DefaultNodeInit), unless(labelStuck, podfast.DefaultPodDelete),
		{podfast.DefaultPodReady, nil}, {podfast.DefaultPodComplete, nil}}
	var stages []string
	for _, e := range edits {
		text, err := e.apply()
		if err != nil {
			return err
		}
		stages = append(stages, text)
	}
	return os.WriteFile(file, []byte(strings.Join(stages, "\n---\n")), 0o600)
}

// edit is a stage and pairs of what to replace in it, once, with what.
type edit struct {
	stage   string
	replace []string
}

func (e edit) apply() (string, error) {
	text := e.stage
	for i := 0; i < len(e.replace); i += 2 {
		if !strings.Contains(text, e.replace[i]) {
			return "", fmt.Errorf("a stage of this kwok has no %q", e.replace[i])
		}
		text = strings.Replace(text, e.replace[i], e.replace[i+1], 1)
	}
	return text, nil
}
