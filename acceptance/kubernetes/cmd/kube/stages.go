package main

import (
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
	heartbeat := strings.NewReplacer("durationMilliseconds: 20000", "durationMilliseconds: 1000",
		"jitterDurationMilliseconds: 25000", "jitterDurationMilliseconds: 1200").Replace(nodeheartbeat.DefaultNodeHeartbeat)
	stages := []string{unless(labelDead, nodefast.DefaultNodeInit), unless(labelDead, heartbeat),
		podfast.DefaultPodReady, podfast.DefaultPodComplete, unless(labelStuck, podfast.DefaultPodDelete)}
	return os.WriteFile(file, []byte(strings.Join(stages, "\n---\n")), 0o600)
}

// unless adds a condition to a stage: the label is not true.
func unless(label, stage string) string {
	const expressions = "    matchExpressions:\n"
	condition := "    - {key: '.metadata.labels[\"" + label + "\"]', operator: NotIn, values: ['true']}\n"
	return strings.Replace(stage, expressions, expressions+condition, 1)
}
