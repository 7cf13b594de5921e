// Package stack knows the toolbox stack: its parameters, what it needs of the cloud, and how it
// stands, read from Heat and Nova.
package stack

import "time"

// Name of the parts a stack is made of, in Nova metadata `mcm:role`.
const (
	RoleMaster = "master"
	RoleNode   = "node"
	RoleEtcd   = "etcd"
)

// Parameters is what a stack is made from. What a preset leaves out is chosen by Complete.
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

// Changes is what an update may change; nil and empty keep what is.
type Changes struct {
	Nodes        *int   `json:"nodes,omitempty" minimum:"0" maximum:"20"`
	Masters      *int   `json:"masters,omitempty" minimum:"1" maximum:"3"`
	MasterFlavor string `json:"master_flavor,omitempty" maxLength:"255"`
	NodeFlavor   string `json:"node_flavor,omitempty" maxLength:"255"`
	EtcdFlavor   string `json:"etcd_flavor,omitempty" maxLength:"255"`
}

// Check is one line of a preflight. Needed, Used and Limit are counts of the resource; ram is in
// MB, gigabytes in GB. A Limit of -1 is no limit.
type Check struct {
	Resource string `json:"resource" enum:"instances,cores,ram,volumes,gigabytes,floating_ips,networks,routers,ports,security_groups,security_group_rules,key_pair,image,flavor,heat,trust"`
	Needed   int    `json:"needed"`
	Used     int    `json:"used"`
	Limit    int    `json:"limit"`
	OK       bool   `json:"ok"`
	Detail   string `json:"detail"`
}

// Report is the answer of a preflight; Parameters shows what was chosen.
type Report struct {
	OK         bool       `json:"ok"`
	Checks     []Check    `json:"checks"`
	Parameters Parameters `json:"parameters"`

	unanswered error
}

// Unanswered is the fault of a service that did not answer now and may in a moment; nil when all did.
// Its check is not OK either, and says nothing about whether the stack fits.
func (r Report) Unanswered() error { return r.unanswered }

// State is how the stack stands.
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

// Stack is the toolbox stack as the user sees it.
type Stack struct {
	State      State             `json:"state" enum:"absent,deploying,ready,degraded,updating,deleting,failed"`
	Reason     string            `json:"reason"`
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

// Topology is the stack's resources and how they depend on each other.
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

// Edge says that From needs To.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Event is one line of the stack's story.
type Event struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	Resource string    `json:"resource"`
	State    string    `json:"state"`
	Reason   string    `json:"reason"`
}

// Options is what a wizard can offer.
type Options struct {
	Presets          []Preset `json:"presets"`
	KeyPairs         []string `json:"key_pairs"`
	Images           []Named  `json:"images"`
	Flavors          []Flavor `json:"flavors"`
	ExternalNetworks []Named  `json:"external_networks"`
	VolumeTypes      []string `json:"volume_types"`
}

// Preset is a shape of the stack.
type Preset struct {
	Name    string `json:"name"`
	Masters int    `json:"masters"`
	Nodes   int    `json:"nodes"`
	Etcd    int    `json:"etcd"`
}

// Named is anything with an id and a name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Flavor is a size of servers.
type Flavor struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	VCPUs  int    `json:"vcpus"`
	RAMMB  int    `json:"ram_mb"`
	DiskGB int    `json:"disk_gb"`
}

// Presets lists the shapes: small for a try, ha for production.
func Presets() []Preset {
	return []Preset{{Name: "small", Masters: 1}, {Name: "ha", Masters: 2, Nodes: 3, Etcd: 3}}
}
