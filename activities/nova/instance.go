package nova

import (
	"context"
	"maps"
	"slices"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack"
)

// ValidateEnrollmentInput holds the data that an instance sent.
type ValidateEnrollmentInput struct {
	ID        string
	SourceIP  string
	HostKey   string
	MachineID string
	Addresses []string
}

// ValidatedInstance holds the data of the server in Nova.
type ValidatedInstance struct {
	Name    string
	Address string // address to sign in at
}

// ValidateEnrollment checks that the server belongs to the project, is running, has the address of the request, and is not
// a clone of another enrolled server. It is a read.
// https://docs.openstack.org/api-ref/compute/#list-servers-detailed
func (a *Activities) ValidateEnrollment(ctx context.Context, in ValidateEnrollmentInput) (ValidatedInstance, error) {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return ValidatedInstance{}, err
	}
	all, err := s.Servers(ctx)
	if err != nil {
		return ValidatedInstance{}, err
	}
	at := slices.IndexFunc(all, func(v servers.Server) bool { return v.ID == in.ID })
	if at < 0 {
		return ValidatedInstance{}, fault.New(fault.NotFound, nil, "the project has no server %s", in.ID)
	}
	server := all[at]
	switch {
	case server.Metadata[openstack.StackKey] != "":
		return ValidatedInstance{}, fault.New(fault.Invalid, nil, "%s is a part of the stack: it needs no enrollment", server.Name)
	case server.Status != "ACTIVE":
		return ValidatedInstance{}, fault.New(fault.Conflict, nil, "nova: the server %s is %s: start it", server.Name, server.Status)
	}
	if err := isCloned(all, in); err != nil {
		return ValidatedInstance{}, err
	}
	address, err := signInAddress(server, in)
	return ValidatedInstance{Name: server.Name, Address: address}, err
}

// isCloned returns an error that names an enrolled server with the same identity: the two could not be distinguished.
func isCloned(all []servers.Server, in ValidateEnrollmentInput) error {
	for _, other := range all {
		e, ok := instance.EnrollmentOf(other.Metadata)
		if !ok || other.ID == in.ID {
			continue
		}
		if e.HostKey == in.HostKey || e.MachineID == in.MachineID && in.MachineID != "" {
			return fault.New(fault.Invalid, nil, "the instance has the same host key or machine ID as %s: one was cloned from the other; make new ones there (rm /etc/ssh/ssh_host_* /etc/machine-id, then ssh-keygen -A and systemd-machine-id-setup) and enroll the instance again", other.Name)
		}
	}
	return nil
}

// signInAddress selects the address of the request if it belongs to the server. Behind a NAT, it selects an address that
// the server reported and Nova knows. The host key later verifies that it is the same machine.
func signInAddress(server servers.Server, in ValidateEnrollmentInput) (string, error) {
	known := openstack.AddressesOf(server)
	for _, a := range known {
		if a.Address == in.SourceIP {
			return a.Address, nil
		}
	}
	for _, a := range known {
		if slices.Contains(in.Addresses, a.Address) {
			return a.Address, nil
		}
	}
	return "", fault.New(fault.Invalid, nil, "the request came from %s, which is not an address of the server %s", in.SourceIP, server.Name)
}

// RecordRequiredSubnetInput names the subnet that the manager attached for an instance; "" if it attached none.
type RecordRequiredSubnetInput struct {
	ID     string
	Subnet string
}

// RecordRequiredSubnet records in the server's metadata that its subnet must stay attached, even before the server is
// enrolled. It is idempotent: it writes the same value.
func (a *Activities) RecordRequiredSubnet(ctx context.Context, in RecordRequiredSubnetInput) error {
	if in.Subnet == "" {
		return nil
	}
	return a.writeMetadata(ctx, in.ID, instance.SubnetMetadata(in.Subnet))
}

// SaveEnrollmentInput holds the enrollment to save.
type SaveEnrollmentInput struct {
	ID         string
	Enrollment instance.Enrollment
}

// SaveEnrollment writes the enrollment to the server's metadata. It is idempotent: it writes the same values.
func (a *Activities) SaveEnrollment(ctx context.Context, in SaveEnrollmentInput) error {
	return a.writeMetadata(ctx, in.ID, in.Enrollment.Metadata())
}

func (a *Activities) writeMetadata(ctx context.Context, id string, values map[string]string) error {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	return s.WriteMetadata(ctx, id, values)
}

// InstanceRef names an instance.
type InstanceRef struct{ ID string }

// EnrolledInstance is the enrollment in the metadata of an instance.
type EnrolledInstance struct {
	Name       string
	Enrolled   bool
	Enrollment instance.Enrollment
	Agents     []string // apps whose agent is not absent
	Deleted    bool     // the cloud has no such server
}

// GetEnrollment returns the enrollment of an instance. A deleted instance is not enrolled. It is a read.
func (a *Activities) GetEnrollment(ctx context.Context, in InstanceRef) (EnrolledInstance, error) {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return EnrolledInstance{}, err
	}
	c, err := s.Compute()
	if err != nil {
		return EnrolledInstance{}, err
	}
	server, err := servers.Get(ctx, c, in.ID).Extract()
	if err = s.Fault("nova", err); fault.KindOf(err) == fault.NotFound {
		return EnrolledInstance{Deleted: true}, nil
	}
	if err != nil {
		return EnrolledInstance{}, err
	}
	e, ok := instance.EnrollmentOf(server.Metadata)
	return EnrolledInstance{Name: server.Name, Enrolled: ok, Enrollment: e}, nil
}

// DeleteEnrollment deletes all metadata of enrollment and agents from the server. It is idempotent and tolerates absence,
// also of the server.
func (a *Activities) DeleteEnrollment(ctx context.Context, in InstanceRef) error {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	c, err := s.Compute()
	if err != nil {
		return err
	}
	kept, err := servers.Metadata(ctx, c, in.ID).Extract()
	if err = s.Fault("nova", err); err != nil {
		return fault.IgnoreNotFound(err)
	}
	for key := range kept {
		if !instance.IsManagedKey(key) {
			continue
		}
		if err := s.DropMetadata(ctx, in.ID, key); err != nil {
			return err
		}
	}
	return nil
}

// AgentStateUpdate is the new state of an agent on an instance.
type AgentStateUpdate struct {
	ID    string
	Agent instance.AgentState
}

// maxConcurrentUpdates bounds the servers that are updated concurrently.
const maxConcurrentUpdates = 8

// SetAgentStates writes the states of agents to the metadata of their servers. It is idempotent: it writes the same
// values. Deleted servers are skipped.
func (a *Activities) SetAgentStates(ctx context.Context, updates []AgentStateUpdate) error {
	byServer := map[string]map[string]string{}
	for _, m := range updates {
		if byServer[m.ID] == nil {
			byServer[m.ID] = map[string]string{}
		}
		key, value := instance.AgentMetadata(m.Agent)
		byServer[m.ID][key] = value
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxConcurrentUpdates)
	for id, values := range byServer {
		g.Go(func() error { return fault.IgnoreNotFound(a.writeMetadata(ctx, id, values)) })
	}
	return g.Wait()
}

// ListInstancesWithAgents lists the instances that have agents, with one request. It is a read.
func (a *Activities) ListInstancesWithAgents(ctx context.Context) (map[string]EnrolledInstance, error) {
	all, err := a.listEnrolled(ctx, func(servers.Server) bool { return true })
	maps.DeleteFunc(all, func(_ string, e EnrolledInstance) bool { return len(e.Agents) == 0 })
	return all, err
}

// ListEnrolledInstances returns the enrollments of many instances, with one request. It omits instances that are not
// enrolled or deleted. It is a read.
func (a *Activities) ListEnrolledInstances(ctx context.Context, ids []string) (map[string]EnrolledInstance, error) {
	return a.listEnrolled(ctx, func(v servers.Server) bool { return slices.Contains(ids, v.ID) })
}

func (a *Activities) listEnrolled(ctx context.Context, wanted func(servers.Server) bool) (map[string]EnrolledInstance, error) {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Servers(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]EnrolledInstance{}
	for _, server := range all {
		if e, ok := instance.EnrollmentOf(server.Metadata); ok && wanted(server) {
			out[server.ID] = EnrolledInstance{Name: server.Name, Enrolled: true, Enrollment: e, Agents: instance.AgentsOf(server.Metadata)}
		}
	}
	return out, nil
}
