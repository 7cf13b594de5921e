package stack

import (
	"context"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stackresources"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// Find returns the product's stack, which has Tag, or a NotFound fault.
func Find(ctx context.Context, s *openstack.Session) (*stacks.RetrievedStack, error) {
	return find(ctx, s, stacks.ListOpts{Tags: Tag})
}

// FindByTask returns the stack that the task has created, or a NotFound fault.
func FindByTask(ctx context.Context, s *openstack.Session, task string) (*stacks.RetrievedStack, error) {
	return find(ctx, s, stacks.ListOpts{Tags: TaskTag(task)})
}

func find(ctx context.Context, s *openstack.Session, which stacks.ListOpts) (*stacks.RetrievedStack, error) {
	c, err := s.Orchestration()
	if err != nil {
		return nil, err
	}
	pages, err := stacks.List(c, which).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("heat", err)
	}
	found, err := stacks.ExtractStacks(pages)
	if err != nil {
		return nil, s.Fault("heat", err)
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, nil, "there is no stack")
	}
	st, err := stacks.Get(ctx, c, found[0].Name, found[0].ID).Extract()
	return st, s.Fault("heat", err)
}

// FindByName returns the stack with the name, or a NotFound fault.
func FindByName(ctx context.Context, s *openstack.Session, name string) (*stacks.RetrievedStack, error) {
	c, err := s.Orchestration()
	if err != nil {
		return nil, err
	}
	st, err := stacks.Find(ctx, c, name).Extract()
	return st, s.Fault("heat", err)
}

// Ours reports whether this product has created the stack.
func Ours(st *stacks.RetrievedStack) bool { return slices.Contains(st.Tags, Tag) }

// HostKey returns the pinned host key fingerprint of the stack's servers, or "".
func HostKey(st *stacks.RetrievedStack) string {
	for _, t := range st.Tags {
		if print, ok := strings.CutPrefix(t, HostKeyTag); ok {
			return print
		}
	}
	return ""
}

// Resources returns the resources of the stack and of its nested stacks.
func Resources(ctx context.Context, s *openstack.Session, st *stacks.RetrievedStack) ([]stackresources.Resource, error) {
	c, err := s.Orchestration()
	if err != nil {
		return nil, err
	}
	pages, err := stackresources.List(c, st.Name, st.ID, stackresources.ListOpts{Depth: nesting}).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("heat", err)
	}
	list, err := stackresources.ExtractResources(pages)
	return list, s.Fault("heat", err)
}

// nesting is the depth of the template: stack, group, server.
const nesting = 3

// Count returns the number of completed resources.
func Count(list []stackresources.Resource) (done, total int) {
	for _, r := range list {
		if strings.HasSuffix(r.Status, "_COMPLETE") && !strings.HasPrefix(r.Status, "INIT") {
			done++
		}
	}
	return done, len(list)
}

// FirstFailure returns the innermost failed resource and its reason in the cloud's own words, or the reason of the stack
// if no resource failed.
func FirstFailure(ctx context.Context, s *openstack.Session, st *stacks.RetrievedStack) string {
	list, err := Resources(ctx, s, st)
	if err != nil {
		return st.StatusReason
	}
	best := ""
	var when = st.UpdatedTime
	for _, r := range list {
		if !strings.HasSuffix(r.Status, "_FAILED") || outer(r.Type) || strings.Contains(r.StatusReason, "aborted") {
			continue
		}
		if best == "" || r.UpdatedTime.Before(when) {
			best, when = r.Name+": "+r.StatusReason, r.UpdatedTime
		}
	}
	if best == "" {
		return st.StatusReason
	}
	return best
}

// outer reports whether a resource contains others, and therefore only repeats their failures.
func outer(resourceType string) bool {
	return resourceType == "OS::Heat::ResourceGroup" || strings.HasSuffix(resourceType, ".yaml")
}

// parentStack returns the ID of the nested stack of a resource, from its links, or "" for the outermost stack.
func parentStack(links []gophercloud.Link) string {
	for _, l := range links {
		if l.Rel == "stack" {
			return l.Href[strings.LastIndex(l.Href, "/")+1:]
		}
	}
	return ""
}
