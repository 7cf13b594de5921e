package workflows

import (
	"encoding/json"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Outcome is the result of a task on one instance.
type Outcome struct {
	// Status is failed, succeeded, or the state that an agent has now.
	Status string `json:"status"`
	// Reason says why the status is failed or absent.
	Reason i18n.Message `json:"reason,omitzero"`
	// Detail holds Ansible's recap, or the size and duration of a backup.
	Detail i18n.Message `json:"detail,omitzero"`
}

// Failed reports whether the task failed on the instance.
func (o Outcome) Failed() bool { return o.Status == string(operation.Failed) }

// Outcomes are the results of a task, by instance ID and by column: the name of an app, or backup.
type Outcomes map[string]map[string]Outcome

// resultInstances is the key of a task's result that holds its Outcomes.
const resultInstances = "hosts"

func failedOutcome(reason i18n.Message) Outcome {
	return Outcome{Status: string(operation.Failed), Reason: reason}
}

func succeededOutcome(detail i18n.Message) Outcome {
	return Outcome{Status: string(operation.Succeeded), Detail: detail}
}

// outcomes returns the outcomes that the task has recorded so far.
func outcomes(run *operation.Run) Outcomes {
	all, _ := run.ResultOf(resultInstances).(Outcomes)
	if all == nil {
		all = Outcomes{}
		run.Result(resultInstances, all)
	}
	return all
}

// setOutcome records the outcome of one instance in one column.
func setOutcome(run *operation.Run, id, column string, o Outcome) {
	all := outcomes(run)
	if all[id] == nil {
		all[id] = map[string]Outcome{}
	}
	all[id][column] = o
}

// firstFailure returns the reason of the first failure, ordered by instance and column.
func firstFailure(run *operation.Run) i18n.Message {
	all := outcomes(run)
	for _, id := range workflow.DeterministicKeys(all) {
		for _, column := range workflow.DeterministicKeys(all[id]) {
			if o := all[id][column]; o.Failed() {
				return o.Reason
			}
		}
	}
	return i18n.Message{}
}

// failedTargets returns the instances of ids on which a finished task failed or did nothing, and all ids when there
// are none. result is the task's result as decoded from JSON.
func failedTargets(result map[string]any, ids []string) []string {
	var all Outcomes
	raw, err := json.Marshal(result[resultInstances])
	if err != nil || json.Unmarshal(raw, &all) != nil {
		return ids
	}
	failed := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		for _, o := range all[id] {
			if o.Failed() {
				return false
			}
		}
		return len(all[id]) > 0
	})
	if len(failed) == 0 {
		return ids
	}
	return failed
}

// reasonOf returns the text that a user sees for err.
func reasonOf(err error) i18n.Message {
	if temporal.IsCanceledError(err) {
		return i18n.Messagef("cancelled")
	}
	return fault.MessageOf(err)
}
