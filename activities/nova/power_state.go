package nova

import (
	"context"
	"maps"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Server is the state of a server before a backup or restore.
type Server struct {
	Name         string
	Running      bool
	VolumeBacked bool   // boots from a volume
	Image        string // image that it was created or rebuilt from; "" if it boots from a volume
	Enrolled     bool
	Enrollment   instance.Enrollment
	Agents       []string          // apps whose agent is not absent
	Spec         backup.ServerSpec // empty if the manager may not read all of it
}

// GetServer returns a server to back up or restore. It is a read. A busy server is unavailable; a server that is neither
// running nor shut off is a conflict.
// https://docs.openstack.org/api-ref/compute/#show-server-details
func (a *Activities) GetServer(ctx context.Context, in InstanceRef) (Server, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return Server{}, err
	}
	v, err := servers.Get(ctx, c, in.ID).Extract()
	if err = s.Fault("nova", err); err != nil {
		return Server{}, err
	}
	switch {
	case v.Metadata[openstack.StackKey] != "":
		return Server{}, fault.New(fault.Invalid, nil, "%s is a part of the stack", v.Name)
	case v.TaskState != "":
		return Server{}, fault.New(fault.Unavailable, nil, "nova: %s is busy (task state %s)", v.Name, v.TaskState)
	case v.Status != active && v.Status != shutOff:
		return Server{}, fault.New(fault.Conflict, nil, "nova: %s is %s: start it or shut it off first", v.Name, v.Status)
	}
	out := Server{Name: v.Name, Running: v.Status == active, Agents: instance.AgentsOf(v.Metadata)}
	out.Image, _ = v.Image["id"].(string)
	if out.VolumeBacked = out.Image == ""; !out.VolumeBacked && len(v.AttachedVolumes) > 0 {
		if out.VolumeBacked, err = backup.IsVolumeBacked(ctx, s, out.Image); err != nil {
			return Server{}, err
		}
	}
	out.Enrollment, out.Enrolled = instance.EnrollmentOf(v.Metadata)
	if out.Spec, err = specOf(ctx, s, v); fault.KindOf(err).Retryable() {
		return Server{}, err
	}
	return out, nil // a backup without a server spec is better than none
}

// Server states that backups and restores depend on.
const (
	active  = "ACTIVE"
	shutOff = "SHUTOFF"
	failed  = "ERROR"
)

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	return a.Cloud.Service(ctx, (*openstack.Session).Compute)
}

// StopServer shuts a server off and waits until it is shut off. It is idempotent.
// https://docs.openstack.org/api-ref/compute/#stop-server-os-stop-action
func (a *Activities) StopServer(ctx context.Context, in InstanceRef) error {
	return a.power(ctx, in, shutOff, func(ctx context.Context, c *gophercloud.ServiceClient) error {
		return servers.Stop(ctx, c, in.ID).ExtractErr()
	})
}

// StartServer starts a server and waits until it is running. It is idempotent; a deleted server is a success.
// https://docs.openstack.org/api-ref/compute/#start-server-os-start-action
func (a *Activities) StartServer(ctx context.Context, in InstanceRef) error {
	return fault.IgnoreNotFound(a.power(ctx, in, active, func(ctx context.Context, c *gophercloud.ServiceClient) error {
		return servers.Start(ctx, c, in.ID).ExtractErr()
	}))
}

// power changes the power state of a server. It waits for other actions on the server.
func (a *Activities) power(ctx context.Context, in InstanceRef, want string, ask func(context.Context, *gophercloud.ServiceClient) error) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		v, err := servers.Get(ctx, c, in.ID).Extract()
		if err != nil {
			return false, i18n.Message{}, s.Fault("nova", err)
		}
		switch {
		case v.TaskState != "":
			return false, i18n.Messagef("%s is %s, %s", v.Name, v.Status, v.TaskState), nil
		case v.Status == want:
			return true, i18n.Message{}, nil
		case v.Status == failed:
			return false, i18n.Message{}, fault.New(fault.Invalid, nil, "nova: %s is in error: %s", v.Name, v.Fault.Message)
		}
		// An interrupted request may still be carried out, even after later requests.
		err = s.Fault("nova", ask(context.WithoutCancel(ctx), c))
		if fault.KindOf(err) == fault.Conflict { // another action has just started
			return false, fault.MessageOf(err), nil
		}
		return false, i18n.Messagef("%s is %s", v.Name, v.Status), err
	})
}

// RebuildInput names a server and the image that replaces its disk.
type RebuildInput struct {
	ID    string
	Image string
	Task  string // "" for tasks started by older releases
}

// rebuiltKey is the metadata key with the task and image of the last rebuild: the image alone does not show whether the
// rebuild was repeated.
const rebuiltKey = "mcm:rebuilt"

// done reports whether the server's disk was replaced or is being replaced.
func (in RebuildInput) done(v *servers.Server) bool {
	if in.Task != "" {
		return v.Metadata[rebuiltKey] == in.mark()
	}
	image, _ := v.Image["id"].(string)
	return image == in.Image
}

func (in RebuildInput) mark() string { return in.Task + " " + in.Image }

func (in RebuildInput) options(v *servers.Server) servers.RebuildOpts {
	o := servers.RebuildOpts{ImageRef: in.Image}
	if in.Task != "" {
		o.Metadata = map[string]string{} // Nova replaces all metadata
		maps.Copy(o.Metadata, v.Metadata)
		o.Metadata[rebuiltKey] = in.mark()
	}
	return o
}

// RebuildServer replaces a server's disk with an image and waits until it is done. Addresses, volumes and metadata are
// kept. It is idempotent by a metadata key that the same request writes, so that a server can be rebuilt from the same
// image again, exactly once per task.
// https://docs.openstack.org/api-ref/compute/#rebuild-server-rebuild-action
func (a *Activities) RebuildServer(ctx context.Context, in RebuildInput) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		v, err := servers.Get(ctx, c, in.ID).Extract()
		if err != nil {
			return false, i18n.Message{}, s.Fault("nova", err)
		}
		switch {
		case v.TaskState != "" || v.Status == "REBUILD":
			return false, i18n.Messagef("%s is %s, %s", v.Name, v.Status, v.TaskState), nil
		case v.Status == failed && in.done(v):
			return false, i18n.Message{}, fault.New(fault.Invalid, nil, "nova: %s is in error: %s", v.Name, v.Fault.Message)
		case in.done(v):
			return true, i18n.Message{}, nil
		}
		_, err = servers.Rebuild(context.WithoutCancel(ctx), c, in.ID, in.options(v)).Extract()
		err = s.Fault("nova", err)
		if fault.KindOf(err) == fault.Conflict {
			return false, fault.MessageOf(err), nil
		}
		return false, i18n.Messagef("the disk is being replaced"), err
	})
}
