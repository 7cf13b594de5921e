// Package instance reads the servers of the project from Nova, with the enrollment and the agents that the manager records
// in their metadata. Nova is the only store of that state.
package instance

import "time"

// Instance is a server of the project that does not belong to the stack.
type Instance struct {
	ID            string       `json:"id"`
	Name          string       `json:"name"`
	Addresses     []Address    `json:"addresses"`
	Flavor        string       `json:"flavor"`
	Image         string       `json:"image" doc:"empty if the instance boots from a volume"`
	PowerState    string       `json:"power_state"`
	Status        string       `json:"status"`
	Enrolled      bool         `json:"enrolled"`
	EnrolledAt    *time.Time   `json:"enrolled_at" nullable:"true"`
	Distribution  string       `json:"distribution"`
	Address       string       `json:"address" doc:"address that the manager connects to over SSH"`
	Agents        []AgentState `json:"agents"`
	LastBackupAt  *time.Time   `json:"last_backup_at" nullable:"true"`
	RestorePoints int          `json:"restore_points"`
	Task          string       `json:"task,omitempty" doc:"URL of the task in progress on the instance"`
}

// Address is one address of an instance.
type Address struct {
	Network string `json:"network"`
	Address string `json:"address"`
	Kind    string `json:"kind" enum:"fixed,floating"`
}

// State is the state of an app's agent on an instance.
type State string

// The agent states, with the values of the REST API.
const (
	Absent    State = "absent"
	Queued    State = "queued"
	Running   State = "running"
	Installed State = "installed"
	Failed    State = "failed"
	Drifted   State = "drifted"
)

// AgentState is the agent of an app on an instance, with its state.
type AgentState struct {
	App     string     `json:"app"`
	State   State      `json:"state" enum:"absent,queued,running,installed,failed,drifted"`
	Version string     `json:"version" doc:"version of the app that the agent belongs to"`
	Since   *time.Time `json:"since" nullable:"true"`
}
