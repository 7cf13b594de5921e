package instance

import (
	"slices"
	"strings"
	"time"
)

// Metadata keys of an enrolled server in Nova. A value has at most 255 characters.
// https://docs.openstack.org/api-ref/compute/#server-metadata-servers-metadata
const (
	enrolledKey     = "mcm:enrolled_at"
	addressKey      = "mcm:address"
	hostKeyKey      = "mcm:host_key"
	distributionKey = "mcm:distribution"
	machineKey      = "mcm:machine_id"
	agentPrefix     = "mcm:agent:"
)

// SubnetKey is the metadata key with the ID of the subnet that the manager attached to the stack's router for the server.
const SubnetKey = "mcm:subnet"

// Enrollment is the enrollment data of an instance, which the manager stores in the metadata of the server.
type Enrollment struct {
	At           time.Time `json:"at"`
	Address      string    `json:"address"`  // that the manager connects to over SSH
	HostKey      string    `json:"host_key"` // pinned host key in authorized_keys format
	Distribution string    `json:"distribution"`
	MachineID    string    `json:"machine_id"`
	Subnet       string    `json:"subnet,omitempty"` // ID of the subnet that the manager attached to the stack's router
}

// Metadata returns the enrollment as server metadata.
func (e Enrollment) Metadata() map[string]string {
	m := map[string]string{enrolledKey: e.At.UTC().Format(time.RFC3339), addressKey: e.Address, hostKeyKey: e.HostKey,
		distributionKey: e.Distribution, machineKey: e.MachineID}
	if e.Subnet != "" {
		m[SubnetKey] = e.Subnet
	}
	return m
}

// SubnetMetadata returns the server metadata which records that the server needs the subnet attached to the router.
func SubnetMetadata(subnet string) map[string]string { return map[string]string{SubnetKey: subnet} }

// NeedsSubnet reports whether the metadata records that the server needs the subnet attached to the router. The server may be
// enrolled or have its enrollment in progress.
func NeedsSubnet(metadata map[string]string, subnet string) bool {
	return subnet != "" && metadata[SubnetKey] == subnet
}

// EnrollmentOf reads the enrollment from server metadata. The boolean is false if the server is not enrolled.
func EnrollmentOf(metadata map[string]string) (Enrollment, bool) {
	at, err := time.Parse(time.RFC3339, metadata[enrolledKey])
	return Enrollment{At: at, Address: metadata[addressKey], HostKey: metadata[hostKeyKey], Distribution: metadata[distributionKey],
		MachineID: metadata[machineKey], Subnet: metadata[SubnetKey]}, err == nil
}

// IsManagedKey reports whether key is a metadata key that the manager writes at enrollment or later.
func IsManagedKey(key string) bool {
	switch key {
	case enrolledKey, addressKey, hostKeyKey, distributionKey, machineKey, SubnetKey:
		return true
	}
	return strings.HasPrefix(key, agentPrefix)
}

// AgentMetadata returns the metadata key and value that store the state of an agent.
func AgentMetadata(a AgentState) (key, value string) {
	since := ""
	if a.Since != nil {
		since = a.Since.UTC().Format(time.RFC3339)
	}
	return agentPrefix + a.App, strings.Join([]string{string(a.State), a.Version, since}, " ")
}

// AgentOf reads the state of an app's agent from server metadata. The state is Absent if the metadata has none.
func AgentOf(metadata map[string]string, app string) AgentState {
	a := AgentState{App: app, State: Absent}
	words := strings.Split(metadata[agentPrefix+app], " ")
	if len(words) != 3 {
		return a
	}
	a.State, a.Version = State(words[0]), words[1]
	if since, err := time.Parse(time.RFC3339, words[2]); err == nil {
		a.Since = &since
	}
	return a
}

// AgentsOf returns the sorted names of the apps whose agent on the server is in a state other than Absent.
func AgentsOf(metadata map[string]string) []string {
	var out []string
	for key := range metadata {
		if app, ok := strings.CutPrefix(key, agentPrefix); ok && AgentOf(metadata, app).State != Absent {
			out = append(out, app)
		}
	}
	slices.Sort(out)
	return out
}
