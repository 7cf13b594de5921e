package heat

import (
	"slices"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// failure is the reason that a resource failed. Its path is extended at each enclosing stack.
type failure struct{ class, path, message string }

func (f *failure) text() string { return f.class + ": " + f.path + ": " + f.message }

func (f *failure) doc() sim.Document {
	return sim.Document{"class": f.class, "path": f.path, "message": f.message}
}

func failureOf(o sim.Document) *failure {
	return &failure{sim.Str(o, "class"), sim.Str(o, "path"), sim.Str(o, "message")}
}

// step is the segment of a failure's path for one resource: members of groups are numbers.
func step(name string) string {
	if name != "" && strings.Trim(name, "0123456789") == "" {
		return "resources[" + name + "]"
	}
	return "resources." + name
}

// run starts an action on a stack and aborts the action in progress.
func (s *Service) run(stack sim.Document, action string) {
	stack["_op"] = sim.UUID()
	stack["_since"] = s.cloud.Now().Unix()
	s.set(stack, action, "IN_PROGRESS", "Stack "+action+" started")
	if sim.Str(stack, "parent") == "" { // a nested stack advances with its parent
		s.cloud.Poll(beat, "heat.beat", sim.Document{"stack": stack["id"], "op": stack["_op"]})
	}
}

// beat is a timer: it advances a stack and reschedules itself until the action has ended.
func (s *Service) beat(args sim.Document) {
	stack := s.cloud.Get(Stacks, sim.Str(args, "stack"))
	if stack == nil || sim.Str(stack, "_op") != sim.Str(args, "op") {
		return
	}
	s.advance(stack)
	if inProgress(sim.Str(stack, "stack_status")) {
		s.cloud.Poll(beat, "heat.beat", args)
	}
}

func inProgress(status string) bool { return strings.HasSuffix(status, "_IN_PROGRESS") }

// advance moves a stack and everything in it forward by one step.
func (s *Service) advance(stack sim.Document) {
	c, err := s.scope(stack)
	if err != nil {
		s.set(stack, sim.Str(stack, "_action"), "FAILED", err.Error())
		return
	}
	var busy bool
	var failed *failure
	wanted := map[string]bool{}
	action := sim.Str(stack, "_action")
	if slices.Contains(visits, action) {
		s.visit(stack, action)
		s.done(stack, action)
		return
	}
	if action == "CREATE" || action == "UPDATE" {
		busy, failed = s.build(c, wanted)
	}
	if !busy && failed == nil {
		busy, failed = s.clear(c, wanted)
	}
	limit := sim.Int(stack, "timeout_mins")
	late := limit > 0 && s.cloud.Now().Unix()-int64(sim.Int(stack, "_since")) > int64(s.cloud.Scale(time.Duration(limit)*time.Minute).Seconds())
	switch {
	case busy && late && sim.Str(stack, "parent") == "":
		s.set(stack, action, "FAILED", "Timed out")
	case busy:
	case failed != nil:
		s.fail(stack, action, failed)
	default:
		s.done(stack, action)
	}
}

// visits are the actions that leave every resource unchanged.
var visits = []string{"CHECK", "SUSPEND", "RESUME"}

// visit applies such an action to each resource of a stack; servers are suspended and resumed.
func (s *Service) visit(stack sim.Document, action string) {
	c, err := s.scope(stack)
	if err != nil {
		return
	}
	for _, res := range s.resources(sim.Str(stack, "id")) {
		t := s.task(c, sim.Str(res, "resource_name"))
		if sim.Str(res, "resource_type") == "OS::Nova::Server" && action != "CHECK" {
			_, err := t.call("nova", "POST", servers.path+"/"+t.physical()+"/action", sim.Document{strings.ToLower(action): nil})
			if err != nil {
				s.cloud.Log().Warn("a server of a stack was not put to sleep or woken", "error", err)
			}
		}
		t.mark(action, "COMPLETE", "state changed")
	}
}

func (s *Service) fail(stack sim.Document, action string, failed *failure) {
	stack["_failure"] = failed.doc()
	reason := "Resource " + action + " failed: " + failed.text()
	s.set(stack, action, "FAILED", reason)
	if action == "CREATE" && stack["disable_rollback"] == false && sim.Str(stack, "parent") == "" {
		s.run(stack, "ROLLBACK")
	}
}

func (s *Service) done(stack sim.Document, action string) {
	if action == "UPDATE" || action == "CREATE" {
		delete(stack, "_failure")
	}
	s.set(stack, action, "COMPLETE", "Stack "+action+" completed successfully")
	if action == "DELETE" {
		s.bury(stack)
	}
}

// bury keeps the name and the final state of a deleted stack, which stays readable by its id.
func (s *Service) bury(stack sim.Document) {
	id := sim.Str(stack, "id")
	stack["deletion_time"] = s.now()
	if sim.Str(stack, "parent") != "" {
		s.cloud.Delete(Nested, id)
		return
	}
	s.cloud.Delete(Stacks, id)
	for _, k := range []string{"_template", "_files", "_params", "_given"} {
		delete(stack, k)
	}
	s.cloud.Put(Deleted, stack)
}

// scope returns the scope that resolves a stack's functions.
func (s *Service) scope(stack sim.Document) (*scope, error) {
	if stack["_template"] == nil {
		return nil, bug("stack %s has no template", sim.Str(stack, "id"))
	}
	t, err := parse(stack["_template"])
	if err != nil {
		return nil, err
	}
	root := stack
	if id := sim.Str(stack, "_root"); id != "" {
		root = s.stack(id)
	}
	return &scope{s: s, stack: stack, template: t, params: sim.Map(stack, "_params"), files: sim.Map(root, "_files")}, nil
}

// build creates the wanted resources that do not exist and updates those that differ.
func (s *Service) build(c *scope, wanted map[string]bool) (busy bool, failed *failure) {
	order, err := c.template.order()
	if err != nil {
		return false, &failure{"StackValidationFailed", "resources", err.Error()}
	}
	ready := map[string]bool{}
	for _, name := range order {
		if on, err := c.enabled(name); err != nil || !on {
			ready[name] = err == nil
			continue
		}
		wanted[name] = true
		if !slices.ContainsFunc(c.template.requires(name), func(n string) bool { return !ready[n] }) {
			t := s.task(c, name)
			done, problem := t.build(failed == nil)
			ready[name] = done
			busy = busy || (!done && problem == nil)
			if problem != nil && failed == nil {
				failed = problem
			}
		}
	}
	return busy && (failed == nil || s.moving(sim.Str(c.stack, "id"))), failed
}

// moving reports whether a resource of the stack is still in progress. A failed stack waits for those before it
// reports its failure.
func (s *Service) moving(stack string) bool {
	return slices.ContainsFunc(s.resources(stack), func(res sim.Document) bool { return inProgress(sim.Str(res, "resource_status")) })
}

// enabled evaluates the condition of a resource.
func (c *scope) enabled(name string) (bool, error) {
	if v, ok := c.template.resources[name]["condition"]; ok {
		return c.truth(v)
	}
	return true, nil
}

// clear deletes the resources that are not wanted, dependents first.
func (s *Service) clear(c *scope, wanted map[string]bool) (busy bool, failed *failure) {
	var unwanted []sim.Document
	for _, res := range s.resources(sim.Str(c.stack, "id")) {
		if !wanted[sim.Str(res, "resource_name")] {
			unwanted = append(unwanted, res)
		}
	}
	for _, res := range unwanted {
		name := sim.Str(res, "resource_name")
		needed := slices.ContainsFunc(unwanted, func(other sim.Document) bool {
			return slices.Contains(sim.Strs(other, "_requires"), name)
		})
		if needed {
			continue
		}
		t := s.task(c, name)
		deleted, problem := t.remove()
		busy = busy || (!deleted && problem == nil)
		if problem != nil && failed == nil {
			failed = problem
		}
	}
	// A resource that others depend on waits for them, unless they failed.
	return busy || (failed == nil && len(s.left(c, wanted)) > 0), failed
}

func (s *Service) left(c *scope, wanted map[string]bool) []sim.Document {
	return slices.DeleteFunc(s.resources(sim.Str(c.stack, "id")), func(res sim.Document) bool {
		return wanted[sim.Str(res, "resource_name")]
	})
}
