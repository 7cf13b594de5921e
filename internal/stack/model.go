// Package stack manages the toolbox stack: its parameters, its demand for cloud resources, and its state in Heat and
// Nova.
package stack

import (
	"time"

	"mycloudmanager/internal/platform/i18n"
)

// Roles of servers, in the Nova metadata `mcm:role`.
const (
	RoleMaster = "master"
	RoleNode   = "node"
	RoleEtcd   = "etcd"
)

// Parameters are the parameters of a stack. complete fills in missing ones.
type Parameters struct {
	Name            string `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-zA-Z][a-zA-Z0-9_.-]*$" patternDescription:"a letter, then letters, digits, dots, dashes, underscores" example:"toolbox"`
	Preset          string `json:"preset,omitempty" enum:"small,ha"`
	KeyPair         string `json:"key_pair,omitempty" maxLength:"255" doc:"Nova key pair for your own SSH access; empty: only the manager's own key"`
	Image           string `json:"image,omitempty" maxLength:"255" doc:"image id or name"`
	ExternalNetwork string `json:"external_network,omitempty" maxLength:"255" doc:"network id or name"`
	MasterFlavor    string `json:"master_flavor,omitempty" maxLength:"255"`
	NodeFlavor      string `json:"node_flavor,omitempty" maxLength:"255"`
	EtcdFlavor      string `json:"etcd_flavor,omitempty" maxLength:"255"`
	Masters         *int   `json:"masters,omitempty" minimum:"1" maximum:"3"`
	Nodes           *int   `json:"nodes,omitempty" minimum:"0" maximum:"20"`
	Etcd            *int   `json:"etcd,omitempty" enum:"0,3,5"`
	VolumeType      string `json:"volume_type,omitempty" maxLength:"255"`
}

// Changes are the changes of an update; nil and empty values keep the current ones.
type Changes struct {
	Nodes        *int   `json:"nodes,omitempty" minimum:"0" maximum:"20"`
	Masters      *int   `json:"masters,omitempty" minimum:"1" maximum:"3"`
	MasterFlavor string `json:"master_flavor,omitempty" maxLength:"255"`
	NodeFlavor   string `json:"node_flavor,omitempty" maxLength:"255"`
	EtcdFlavor   string `json:"etcd_flavor,omitempty" maxLength:"255"`
}

// Check is one line of a preflight. Needed, Used and Limit are counts of the resource; ram is in MB, gigabytes in GB. A
// Limit of -1 is unlimited.
type Check struct {
	Resource string       `json:"resource" enum:"instances,cores,ram,volumes,gigabytes,floating_ips,networks,routers,ports,security_groups,security_group_rules,key_pair,image,flavor,heat,trust"`
	Needed   int          `json:"needed"`
	Used     int          `json:"used"`
	Limit    int          `json:"limit"`
	OK       bool         `json:"ok"`
	Detail   i18n.Message `json:"detail"`
}

// Report is the result of a preflight. Parameters shows the chosen values.
type Report struct {
	OK         bool       `json:"ok"`
	Checks     []Check    `json:"checks"`
	Parameters Parameters `json:"parameters"`

	serviceError error
}

// ServiceError is the fault of a service that did not respond, which may be temporary, or nil. The check of that service
// is not OK, but does not mean that the stack exceeds a quota.
func (r Report) ServiceError() error { return r.serviceError }

// State is the state of the stack.
type State string

// The states.
const (
	Absent    State = "absent"
	Deploying State = "deploying"
	Ready     State = "ready"
	Degraded  State = "degraded"
	Updating  State = "updating"
	Deleting  State = "deleting"
	Failed    State = "failed"
)

// Stack is the toolbox stack, as it is shown to users.
type Stack struct {
	State      State             `json:"state" enum:"absent,deploying,ready,degraded,updating,deleting,failed"`
	Reason     i18n.Message      `json:"reason"`
	Name       string            `json:"name"`
	HeatID     string            `json:"heat_id"`
	Parameters map[string]string `json:"parameters"`
	Outputs    map[string]any    `json:"outputs"`
	Nodes      []Node            `json:"nodes"`
	Cluster    *Cluster          `json:"cluster,omitempty"`
	Task       string            `json:"task,omitempty" doc:"URL of the task that works on the stack"`
}

// Node is one server of the stack.
type Node struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Role    string `json:"role"`
	Flavor  string `json:"flavor"`
	Address string `json:"address"`
	State   string `json:"state" doc:"Nova's status: ACTIVE, BUILD, ERROR, SHUTOFF, ..."`
}

// Cluster is the Kubernetes cluster on the stack.
type Cluster struct {
	Version    string `json:"version"`
	NodesReady int    `json:"nodes_ready"`
	NodesTotal int    `json:"nodes_total"`
}

// Topology is the graph of the stack's resources.
type Topology struct {
	Nodes []Vertex `json:"nodes"`
	Edges []Edge   `json:"edges"`
}

// Vertex is one Heat resource.
type Vertex struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	State  string `json:"state" doc:"Heat's status: CREATE_COMPLETE, CREATE_IN_PROGRESS, ..."`
	Reason string `json:"reason"`
}

// Edge is a dependency: From needs To.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Event is one event of the stack.
type Event struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	Resource string    `json:"resource"`
	State    string    `json:"state"`
	Reason   string    `json:"reason"`
}

// Options are the values that a deployment can choose from.
type Options struct {
	Presets          []Preset        `json:"presets"`
	KeyPairs         []string        `json:"key_pairs"`
	Images           []NamedResource `json:"images"`
	Flavors          []Flavor        `json:"flavors"`
	ExternalNetworks []NamedResource `json:"external_networks"`
	VolumeTypes      []string        `json:"volume_types"`
}

// Preset is a set of default parameters.
type Preset struct {
	Name    string `json:"name"`
	Masters int    `json:"masters"`
	Nodes   int    `json:"nodes"`
	Etcd    int    `json:"etcd"`
}

// NamedResource is an object with an ID and a name.
type NamedResource struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Flavor is a server size.
type Flavor struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	VCPUs  int    `json:"vcpus"`
	RAMMB  int    `json:"ram_mb"`
	DiskGB int    `json:"disk_gb"`
}

// Presets returns the presets: small for evaluation, ha for production.
func Presets() []Preset {
	return []Preset{{Name: "small", Masters: 1}, {Name: "ha", Masters: 2, Nodes: 3, Etcd: 3}}
}
