package instance

import (
	"slices"
	"strings"
	"time"
)

// Keys of an enrolled server's metadata in Nova. A value holds 255 characters at most.
// https://docs.openstack.org/api-ref/compute/#server-metadata-servers-metadata
const (
	enrolledKey     = "mcm:enrolled_at"
	addressKey      = "mcm:address"
	hostKeyKey      = "mcm:host_key"
	distributionKey = "mcm:distribution"
	machineKey      = "mcm:machine_id"
	agentPrefix     = "mcm:agent:"
)

// SubnetKey is the key of SubnetMetadata.
const SubnetKey = "mcm:subnet"

// Enrollment is what the manager keeps of an enrolled instance, in the server's metadata.
type Enrollment struct {
	At           time.Time `json:"at"`
	Address      string    `json:"address"`  // where the manager signs in
	HostKey      string    `json:"host_key"` // pinned, as authorized_keys has it
	Distribution string    `json:"distribution"`
	MachineID    string    `json:"machine_id"`
	Subnet       string    `json:"subnet,omitempty"` // attached to the stack's router by the manager
}

// Metadata is the enrollment as Nova keeps it.
func (e Enrollment) Metadata() map[string]string {
	m := map[string]string{enrolledKey: e.At.UTC().Format(time.RFC3339), addressKey: e.Address, hostKeyKey: e.HostKey,
		distributionKey: e.Distribution, machineKey: e.MachineID}
	if e.Subnet != "" {
		m[SubnetKey] = e.Subnet
	}
	return m
}

// SubnetMetadata is the metadata by which a server needs its subnet attached.
func SubnetMetadata(subnet string) map[string]string { return map[string]string{SubnetKey: subnet} }

// NeedsSubnet tells whether a server is reached by the subnet's interface, enrolled or about to be.
func NeedsSubnet(metadata map[string]string, subnet string) bool {
	return subnet != "" && metadata[SubnetKey] == subnet
}

// EnrollmentOf reads it back; false when the server is not enrolled.
func EnrollmentOf(metadata map[string]string) (Enrollment, bool) {
	at, err := time.Parse(time.RFC3339, metadata[enrolledKey])
	return Enrollment{At: at, Address: metadata[addressKey], HostKey: metadata[hostKeyKey], Distribution: metadata[distributionKey],
		MachineID: metadata[machineKey], Subnet: metadata[SubnetKey]}, err == nil
}

// IsManagedKey tells whether the manager wrote the key at enrollment or after it.
func IsManagedKey(key string) bool {
	switch key {
	case enrolledKey, addressKey, hostKeyKey, distributionKey, machineKey, SubnetKey:
		return true
	}
	return strings.HasPrefix(key, agentPrefix)
}

// AgentMetadata is the key and the value of an agent's state.
func AgentMetadata(a AgentState) (key, value string) {
	since := ""
	if a.Since != nil {
		since = a.Since.UTC().Format(time.RFC3339)
	}
	return agentPrefix + a.App, strings.Join([]string{string(a.State), a.Version, since}, " ")
}

// AgentOf reads an agent's state back; without one it is absent.
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

// AgentsOf lists the apps whose agent is, or was to be, on the server.
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
