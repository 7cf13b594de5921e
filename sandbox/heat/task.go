package heat

import (
	"errors"
	"net/http"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// resourceType defines how the engine handles a type of resource.
type resourceType struct {
	properties []string                                 // supported properties; nil means any
	create     func(*task) (string, error)              // returns the physical id
	ready      func(*task) (bool, error)                // polled after create and update; nil means immediately
	update     func(*task, sim.Document) (bool, error)  // false means that the resource must be replaced; nil means that it can always be updated
	remove     func(*task) error                        // nil means that nothing has to be deleted
	deleted    func(*task) (bool, error)                // polled after remove; nil means immediately
	attribute  func(*Service, sim.Document, string) any // get_attr
	reference  func(sim.Document) any                   // get_resource, if it is not the physical id
	nested     bool                                     // it is a stack, which detects changes itself
}

// task is the engine's work on one resource of a stack.
type task struct {
	*Service
	scope *scope
	stack sim.Document
	name  string
	res   sim.Document // nil if it was never created
	props sim.Document // resolved; set during create and update
}

func (s *Service) task(c *scope, name string) *task {
	return &task{Service: s, scope: c, stack: c.stack, name: name, res: s.resource(sim.Str(c.stack, "id"), name)}
}

// kind returns the type of the resource; a nested template is a type as well.
func (t *task) kind() resourceType { return t.typeOf(sim.Str(t.res, "resource_type")) }

func (s *Service) typeOf(name string) resourceType {
	if k, ok := s.types[name]; ok {
		return k
	}
	return s.types[nestedType]
}

// root returns the top-level stack that contains this one.
func (t *task) root() sim.Document {
	if id := sim.Str(t.stack, "_root"); id != "" {
		return t.Service.stack(id)
	}
	return t.stack
}

// call calls a service as the owner of the stack.
func (t *task) call(service, method, path string, body any) (sim.Document, error) {
	return t.cloud.Call(sim.ActorOf(sim.Map(t.stack, "_actor")), service, method, path, body)
}

func (t *task) physical() string { return sim.Str(t.res, "physical_resource_id") }

// mark changes the state of the resource and records an event.
func (t *task) mark(action, status, reason string) {
	full, shown := action+"_"+status, t.physical()
	if shown == "" {
		shown = sim.Str(t.res, "_name")
	}
	sim.Merge(t.res, sim.Document{"_action": action, "resource_status": full, "resource_status_reason": reason, "updated_time": t.now()})
	t.cloud.Put(Resources, t.res)
	t.event(t.stack, t.name, shown, sim.Str(t.res, "resource_type"), full, reason)
}

// failed marks the resource as failed, with Heat's wording of the error.
func (t *task) failed(action string, err error) *failure {
	f := &failure{path: step(t.name)}
	var inner *nestedFailure
	var fault *sim.Fault
	switch {
	case errors.As(err, &inner):
		f.class, f.path, f.message = inner.class, f.path+"."+inner.path, inner.message
	case errors.As(err, &fault):
		f.class, f.message = class(fault), fault.Message
		if fault.Type != "" {
			f.message += "\nNeutron server returns request_ids: ['req-" + sim.UUID() + "']"
		} else if fault.Status != 0 {
			f.message += " (HTTP " + sim.Text(fault.Status) + ") (Request-ID: req-" + sim.UUID() + ")"
		}
	default:
		f.class, f.message = "ResourceFailure", err.Error()
		if name, rest, ok := strings.Cut(err.Error(), ": "); ok && !strings.Contains(name, " ") {
			f.class, f.message = name, rest
		}
	}
	t.res["_failure"] = f.doc()
	t.mark(action, "FAILED", f.text())
	return f
}

// class is the name of the client's exception for a fault.
func class(f *sim.Fault) string {
	if f.Type == "OverQuota" {
		return "OverQuotaClient"
	}
	name := map[int]string{400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
		413: "OverLimit", 429: "OverLimit", 500: "InternalServerError", 503: "ServiceUnavailable"}[f.Status]
	if name == "" {
		return "HttpException"
	}
	return name
}

// build moves the resource one step towards the template. Unless may is set, it starts nothing new: another
// resource has failed.
func (t *task) build(may bool) (done bool, failed *failure) {
	op := sim.Str(t.stack, "_op")
	status := sim.Str(t.res, "resource_status")
	switch {
	case t.res == nil && may:
		return t.begin(op)
	case t.res == nil:
		return false, nil
	case inProgress(status) && sim.Str(t.res, "_action") == "DELETE":
		_, failed = t.remove() // it is being replaced: it is recreated after the deletion
		return false, failed
	case inProgress(status):
		return t.follow()
	case sim.Str(t.res, "_op") == op:
		if strings.HasSuffix(status, "_FAILED") {
			return false, failureOf(sim.Map(t.res, "_failure"))
		}
		return true, nil
	case may:
		return t.change(op)
	}
	return false, nil
}

// begin creates the resource.
func (t *task) begin(op string) (bool, *failure) {
	def := t.scope.template.resources[t.name]
	stack := sim.Str(t.stack, "id")
	t.res = sim.Document{"id": stack + "/" + t.name, "_stack": stack, "resource_name": t.name, "logical_resource_id": t.name,
		"resource_type": def["type"], "physical_resource_id": "", "creation_time": t.now(), "_op": op,
		"_requires": sim.Anys(t.scope.template.requires(t.name)), "_name": physicalName(sim.Str(t.stack, "stack_name"), t.name),
		"description": sim.Text(def["description"])}
	t.mark("CREATE", "IN_PROGRESS", "state changed")
	if err := t.resolve(); err != nil {
		return false, t.failed("CREATE", err)
	}
	id, err := t.kind().create(t)
	t.res["physical_resource_id"], t.res["_props"] = id, t.props
	if err != nil {
		return false, t.failed("CREATE", err)
	}
	t.cloud.Put(Resources, t.res)
	return false, nil // each creation takes at least one beat, so that progress is visible
}

// resolve evaluates the properties of the resource.
func (t *task) resolve() error {
	v, err := t.scope.resolve(t.scope.template.resources[t.name]["properties"])
	t.props, _ = v.(sim.Document)
	for k, p := range t.props {
		if p == nil { // null is the same as omitted
			delete(t.props, k)
		}
	}
	if t.props == nil {
		t.props = sim.Document{}
	}
	t.props = sim.Copy(t.props)
	return err
}

// follow polls the resource until its create or update has finished.
func (t *task) follow() (bool, *failure) {
	action := sim.Str(t.res, "_action")
	if ready := t.kind().ready; ready != nil {
		ok, err := ready(t)
		if err != nil {
			return false, t.failed(action, err)
		}
		if !ok {
			return false, nil
		}
	}
	t.mark(action, "COMPLETE", "state changed")
	return true, nil
}

// change compares the resource with the template and updates or replaces it.
func (t *task) change(op string) (bool, *failure) {
	def := t.scope.template.resources[t.name]
	if err := t.resolve(); err != nil {
		return false, t.failed("UPDATE", err)
	}
	t.res["_requires"] = sim.Anys(t.scope.template.requires(t.name))
	healthy := strings.HasSuffix(sim.Str(t.res, "resource_status"), "_COMPLETE")
	sameType := sim.Str(t.res, "resource_type") == sim.Str(def, "type")
	old := sim.Map(t.res, "_props")
	nested := t.kind().nested && !sim.Bool(t.root(), "_same_files")
	if healthy && sameType && !nested && string(sim.JSON(old)) == string(sim.JSON(t.props)) {
		t.res["_op"] = op
		t.cloud.Put(Resources, t.res)
		return true, nil
	}
	if update := t.kind().update; sameType && update != nil && (healthy || nested) && t.physical() != "" {
		t.res["_op"] = op
		t.mark("UPDATE", "IN_PROGRESS", "state changed")
		handled, err := update(t, old)
		if err != nil {
			return false, t.failed("UPDATE", err)
		}
		if handled {
			t.res["_props"] = t.props
			t.cloud.Put(Resources, t.res)
			return t.follow()
		}
	}
	_, failed := t.remove()
	return false, failed
}

// remove moves the resource one step towards deletion. It retries a refusal for some time, because a dependent
// resource may still be deleting.
func (t *task) remove() (deleted bool, failed *failure) {
	op := sim.Str(t.stack, "_op")
	removing := sim.Str(t.res, "resource_status") == "DELETE_IN_PROGRESS"
	if sim.Str(t.res, "resource_status") == "DELETE_FAILED" && sim.Str(t.res, "_removal") == op {
		return false, failureOf(sim.Map(t.res, "_failure"))
	}
	if !removing || sim.Str(t.res, "_removal") != op {
		t.res["_removal"], t.res["_tries"], t.res["_asked"] = op, 0, false
		t.mark("DELETE", "IN_PROGRESS", "state changed")
	}
	if !sim.Bool(t.res, "_asked") {
		if failed, waits := t.ask(); failed != nil || waits {
			return false, failed
		}
	}
	if g := t.kind().deleted; g != nil && t.physical() != "" {
		ok, err := g(t)
		if err != nil {
			return false, t.failed("DELETE", err)
		}
		if !ok {
			return false, nil
		}
	}
	t.mark("DELETE", "COMPLETE", "state changed")
	t.cloud.Delete(Resources, sim.Str(t.res, "id"))
	return true, nil
}

// ask requests the deletion from the service. waits reports whether a refusal is to be retried.
func (t *task) ask() (failed *failure, waits bool) {
	var err error
	if remove := t.kind().remove; remove != nil && t.physical() != "" {
		err = remove(t)
	}
	var fault *sim.Fault
	switch {
	case errors.As(err, &fault) && fault.Status == http.StatusNotFound:
	case errors.As(err, &fault) && (fault.Status == 409 || fault.Status == 400) && sim.Int(t.res, "_tries") < deleteRetries:
		t.res["_tries"] = sim.Int(t.res, "_tries") + 1
		t.cloud.Put(Resources, t.res)
		return nil, true
	case err != nil:
		return t.failed("DELETE", err), false
	}
	t.res["_asked"] = true
	t.cloud.Put(Resources, t.res)
	return nil, false
}
