package conformance

import (
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/stacks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heatEnv is the stack that many cases share and only read.
type heatEnv struct {
	*actor
	name, id string
}

func (s *heatEnv) path() string { return "/stacks/" + s.name + "/" + s.id }

func TestHeat(t *testing.T) {
	t.Parallel()
	a := openCloud(t).member
	s := &heatEnv{actor: a, name: shared.mark + "-shared"}
	s.id = a.stack(t, obj{"stack_name": s.name, "tags": "conformance,shelf", "template": stackTemplate, "timeout_mins": 5,
		"parameters": obj{"secret": "told to nobody", "words": "b,a"}})
	a.awaitStack(t, s.path(), "CREATE_COMPLETE")
	each(t, s, heatCases)
	each(t, a, stackCases)
}

// stackTemplate is the template of the shared stack: nothing that takes long.
const stackTemplate = `
heat_template_version: 2018-08-31
description: What the cases look at
parameters:
  secret: {type: string, hidden: true}
  size: {type: number, default: 12, constraints: [{range: {min: 8, max: 20}}]}
  words: {type: comma_delimited_list}
resources:
  first:
    type: OS::Heat::RandomString
    properties: {length: {get_param: size}}
  second:
    type: OS::Heat::Value
    properties: {value: {list_join: ["-", [{get_resource: first}, {get_param: [words, 1]}]]}}
outputs:
  joined: {description: Both, value: {get_attr: [second, value]}}
  size: {value: {get_param: size}}
`

// networkTemplate has a network with a subnet of the address range in the parameter cidr.
const networkTemplate = `
heat_template_version: 2018-08-31
parameters: {cidr: {type: string, default: 10.95.0.0/24}}
resources:
  network: {type: OS::Neutron::Net}
  subnet: {type: OS::Neutron::Subnet, properties: {network: {get_resource: network}, cidr: {get_param: cidr}}}
outputs:
  network: {value: {get_resource: network}}
  subnet: {value: {get_resource: subnet}}
`

// stack creates a stack, deletes it at the end of the case, and returns its id.
func (a *actor) stack(t *testing.T, body obj) string {
	t.Helper()
	out := a.want(t, 201, "POST", "heat", "/stacks", body)
	id := out.text("stack", "id")
	a.later(t, "heat", "/stacks/"+str(body, "stack_name")+"/"+id)
	return id
}

// awaitStack waits until the stack's action has ended and requires the status.
func (a *actor) awaitStack(t *testing.T, path, status string) response {
	t.Helper()
	var out response
	until(t, "stack "+path+" to be "+status, func() bool {
		out = a.want(t, 200, "GET", "heat", path, nil)
		return !strings.HasSuffix(out.text("stack", "stack_status"), "_IN_PROGRESS")
	})
	require.Equal(t, status, out.text("stack", "stack_status"), out.text("stack", "stack_status_reason"))
	return out
}

// invalid returns a case that requires the refusal of a template before anything is created.
func invalid(class, words, template string) func(*testing.T, *heatEnv) {
	return func(t *testing.T, s *heatEnv) {
		for _, path := range []string{"/stacks", "/validate"} {
			if path == "/validate" && class == "UserParameterMissing" {
				continue // validation reports what is missing, so it accepts this
			}
			name, reported := class, words
			if path == "/validate" && class == "StackValidationFailed" {
				name, reported = "HTTPBadRequest", strings.ReplaceAll(words, ": :", ":")
			}
			s.refused(t, 400, name, reported, "POST", "heat", path, obj{"stack_name": shared.mark + "-bad", "template": template})
		}
	}
}

const version = "heat_template_version: 2018-08-31\n"

var heatCases = []one[*heatEnv]{
	{"without a token nothing is said", func(t *testing.T, s *heatEnv) {
		s.refused(t, 401, "Unauthorized", needsSignIn, "GET", "heat", "/stacks", nil, "X-Auth-Token", "")
	}},
	{"a stack says everything of itself", func(t *testing.T, s *heatEnv) {
		out := s.want(t, 200, "GET", "heat", s.path(), nil)
		has(t, out.at("stack"), "id", "stack_name", "stack_status", "stack_status_reason", "creation_time", "updated_time", "parameters", "outputs",
			"description", "template_description", "timeout_mins", "disable_rollback", "tags", "links", "capabilities", "notification_topics",
			"stack_owner", "stack_user_project_id", "parent", "deletion_time")
		assert.Equal(t, "Stack CREATE completed successfully", out.text("stack", "stack_status_reason"))
		assert.Equal(t, []any{"conformance", "shelf"}, out.at("stack", "tags"))
		assert.Equal(t, "What the cases look at", out.text("stack", "description"))
		assert.Equal(t, 5.0, out.at("stack", "timeout_mins"))
		assert.Equal(t, s.user, out.text("stack", "stack_owner"))
	}},
	{"parameters are text, and the hidden ones are stars", func(t *testing.T, s *heatEnv) {
		got := s.want(t, 200, "GET", "heat", s.path(), nil).at("stack", "parameters").(obj)
		assert.Equal(t, "******", got["secret"])
		assert.Equal(t, "12", got["size"])
		assert.Equal(t, s.id, got["OS::stack_id"])
		assert.Equal(t, s.name, got["OS::stack_name"])
		assert.Equal(t, s.projectID, got["OS::project_id"])
	}},
	{"outputs are computed", func(t *testing.T, s *heatEnv) {
		list := s.want(t, 200, "GET", "heat", s.path()+"/outputs", nil).list("outputs")
		assert.ElementsMatch(t, []string{"joined", "size"}, names(list, "output_key"))
		out := s.want(t, 200, "GET", "heat", s.path()+"/outputs/joined", nil)
		assert.Regexp(t, `^[A-Za-z0-9]{12}-a$`, out.text("output", "output_value"))
		assert.Equal(t, "Both", out.text("output", "description"))
		s.refused(t, 404, "NotFound", "Specified output key nothing not found.", "GET", "heat", s.path()+"/outputs/nothing", nil)
	}},
	{"the client library reads a stack", func(t *testing.T, s *heatEnv) {
		got, err := stacks.Find(t.Context(), s.orchestration, s.name).Extract()
		require.NoError(t, err)
		assert.Equal(t, s.id, got.ID)
		assert.Equal(t, "CREATE_COMPLETE", got.Status)
	}},
	{"who knows only the name is sent on", func(t *testing.T, s *heatEnv) {
		for _, known := range []string{s.name, s.id} {
			out := s.want(t, 302, "GET", "heat", "/stacks/"+known, nil)
			assert.True(t, strings.HasSuffix(out.header.Get("Location"), s.path()), out.header.Get("Location"))
		}
		out := s.want(t, 302, "GET", "heat", "/stacks/"+s.name+"/resources", nil)
		assert.True(t, strings.HasSuffix(out.header.Get("Location"), s.path()+"/resources"), out.header.Get("Location"))
	}},
	{"an unknown stack is not found", func(t *testing.T, s *heatEnv) {
		s.refused(t, 404, "EntityNotFound", "The Stack (no-such-stack) could not be found.", "GET", "heat", "/stacks/no-such-stack", nil)
		s.refused(t, 404, "EntityNotFound", "The Stack (no-such-stack) could not be found.", "DELETE", "heat", "/stacks/no-such-stack", nil)
	}},
	{"a name is used once", func(t *testing.T, s *heatEnv) {
		s.refused(t, 409, "StackExists", "The Stack ("+s.name+") already exists.", "POST", "heat", "/stacks",
			obj{"stack_name": s.name, "template": version + "resources: {}"})
	}},
	{"a name begins with a letter", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "StackValidationFailed", "Invalid stack name 9 lives must contain only alphanumeric", "POST", "heat", "/stacks",
			obj{"stack_name": "9 lives", "template": version + "resources: {}"})
	}},
	{"stacks are found by tag, name and status", func(t *testing.T, s *heatEnv) {
		for filter, found := range map[string]int{"tags=conformance,shelf": 1, "tags=conformance,table": 0, "tags_any=table,shelf": 1,
			"not_tags=shelf&name=" + s.name: 0, "name=" + s.name: 1, "name=no-such-name": 0, "name=" + s.name + "&status=COMPLETE": 1,
			"name=" + s.name + "&status=FAILED": 0} {
			assert.Len(t, s.want(t, 200, "GET", "heat", "/stacks?"+filter, nil).list("stacks"), found, filter)
		}
	}},
	{"stacks come in pages, the newest first", func(t *testing.T, s *heatEnv) {
		name := shared.mark + "-page"
		id := s.stack(t, obj{"stack_name": name, "template": version + "resources: {}"})
		page := s.want(t, 200, "GET", "heat", "/stacks?limit=1", nil)
		assert.Equal(t, []string{id}, names(page.list("stacks"), "id"))
		next := s.want(t, 200, "GET", "heat", "/stacks?limit=1&marker="+id, nil)
		assert.Equal(t, []string{s.id}, names(next.list("stacks"), "id"))
		s.awaitStack(t, "/stacks/"+name+"/"+id, "CREATE_COMPLETE")
	}},
	{"resources are listed", func(t *testing.T, s *heatEnv) {
		list := s.want(t, 200, "GET", "heat", s.path()+"/resources", nil).list("resources")
		assert.ElementsMatch(t, []string{"first", "second"}, names(list, "resource_name"))
		has(t, list[0], "resource_type", "resource_status", "resource_status_reason", "physical_resource_id", "logical_resource_id", "required_by",
			"creation_time", "updated_time", "links")
		only := s.want(t, 200, "GET", "heat", s.path()+"/resources?type=OS::Heat::Value", nil).list("resources")
		assert.Equal(t, []string{"second"}, names(only, "resource_name"))
	}},
	{"a resource says everything of itself", func(t *testing.T, s *heatEnv) {
		out := s.want(t, 200, "GET", "heat", s.path()+"/resources/first", nil)
		assert.Equal(t, "CREATE_COMPLETE", out.text("resource", "resource_status"))
		assert.Equal(t, []any{"second"}, out.at("resource", "required_by"))
		has(t, out.at("resource"), "attributes", "description")
		s.refused(t, 404, "ResourceNotFound", "The Resource (nothing) could not be found in Stack "+s.name+".", "GET", "heat",
			s.path()+"/resources/nothing", nil)
	}},
	{"events list the history", func(t *testing.T, s *heatEnv) {
		list := s.want(t, 200, "GET", "heat", s.path()+"/events?sort_dir=asc", nil).list("events")
		var history []string
		for _, e := range list {
			history = append(history, strings.ReplaceAll(str(e, "resource_name"), s.name, "stack")+" "+str(e, "resource_status"))
		}
		assert.Equal(t, []string{"stack CREATE_IN_PROGRESS", "first CREATE_IN_PROGRESS", "first CREATE_COMPLETE", "second CREATE_IN_PROGRESS",
			"second CREATE_COMPLETE", "stack CREATE_COMPLETE"}, history)
		assert.Equal(t, "Stack CREATE started", str(list[0], "resource_status_reason"))
		assert.Equal(t, "state changed", str(list[1], "resource_status_reason"))
		has(t, list[0], "event_time", "id", "links", "logical_resource_id", "physical_resource_id")
		one := s.want(t, 200, "GET", "heat", s.path()+"/resources/first/events", nil).list("events")
		assert.Len(t, one, 2)
	}},
	{"events come in pages", func(t *testing.T, s *heatEnv) {
		all := names(s.want(t, 200, "GET", "heat", s.path()+"/events?sort_dir=asc", nil).list("events"), "id")
		page := s.want(t, 200, "GET", "heat", s.path()+"/events?sort_dir=asc&limit=2", nil)
		assert.Equal(t, all[:2], names(page.list("events"), "id"))
		next := s.want(t, 200, "GET", "heat", s.path()+"/events?sort_dir=asc&limit=2&marker="+all[1], nil)
		assert.Equal(t, all[2:4], names(next.list("events"), "id"))
	}},
	{"the template is given back", func(t *testing.T, s *heatEnv) {
		out := s.want(t, 200, "GET", "heat", s.path()+"/template", nil)
		assert.Equal(t, "2018-08-31", out.text("heat_template_version"))
		assert.Equal(t, "OS::Heat::RandomString", out.text("resources", "first", "type"))
	}},
	{"the environment is given back", func(t *testing.T, s *heatEnv) {
		out := s.want(t, 200, "GET", "heat", s.path()+"/environment", nil)
		assert.Equal(t, "b,a", out.text("parameters", "words"))
		assert.Equal(t, "******", out.text("parameters", "secret"))
	}},
	{"resource types are told", func(t *testing.T, s *heatEnv) {
		types, _ := s.want(t, 200, "GET", "heat", "/resource_types", nil).at("resource_types").([]any)
		for _, want := range []any{"OS::Nova::Server", "OS::Neutron::Net", "OS::Cinder::Volume", "OS::Heat::RandomString"} {
			assert.Contains(t, types, want)
		}
	}},
	{"validation tells the parameters", func(t *testing.T, s *heatEnv) {
		out := s.want(t, 200, "POST", "heat", "/validate", obj{"template": stackTemplate})
		assert.Equal(t, "What the cases look at", out.text("Description"))
		assert.Equal(t, []any{"String", "true"}, []any{out.at("Parameters", "secret", "Type"), out.at("Parameters", "secret", "NoEcho")})
		assert.Equal(t, "Number", out.text("Parameters", "size", "Type"))
		assert.Equal(t, "CommaDelimitedList", out.text("Parameters", "words", "Type"))
	}},
	{"a member does not look at the engines", func(t *testing.T, s *heatEnv) {
		s.refused(t, 403, "Forbidden", "You are not authorized to use service:index.", "GET", "heat", "/services", nil)
	}},
	{"no template", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "HTTPBadRequest", "No template specified", "POST", "heat", "/stacks", obj{"stack_name": "x"})
	}},
	{"an unknown resource type", invalid("StackValidationFailed", "The Resource Type (OS::Neutron::Nett) could not be found.",
		version+"resources: {n: {type: OS::Neutron::Nett}}")},
	{"an unknown property", invalid("StackValidationFailed", "Property error: : resources.n.properties: : Unknown Property nmae", version+"resources: {n: {type: OS::Neutron::Net, properties: {nmae: x}}}")},
	{"an unknown reference", invalid("InvalidTemplateReference", `The specified reference "m" (in n.Properties.value) is incorrect.`,
		version+"resources: {n: {type: OS::Heat::Value, properties: {value: {get_resource: m}}}}")},
	{"an unknown version", invalid("InvalidTemplateVersion", "The template version is invalid", "heat_template_version: 1999-01-01\nresources: {}")},
	{"a missing parameter", invalid("UserParameterMissing", "The Parameter (a) was not provided.", version+"parameters: {a: {type: string}}\nresources: {}")},
	{"a circle breaks the engine", func(t *testing.T, s *heatEnv) {
		out := s.want(t, 500, "POST", "heat", "/stacks", obj{"stack_name": shared.mark + "-circle", "template": version + "resources:\n" +
			"  a: {type: OS::Heat::Value, properties: {value: {get_resource: b}}}\n  b: {type: OS::Heat::Value, properties: {value: {get_resource: a}}}\n"})
		assert.Equal(t, "RemoteError", out.text("error", "type"))
	}},
	{"what is no YAML", invalid("HTTPBadRequest", "Template not in valid format", version+"resources: [unclosed")},
	{"a missing property", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "StackValidationFailed", "Property name not assigned", "POST", "heat", "/stacks",
			obj{"stack_name": shared.mark + "-bad", "template": version + "resources: {k: {type: OS::Nova::KeyPair}}"})
		s.want(t, 200, "POST", "heat", "/validate", obj{"template": version + "resources: {k: {type: OS::Nova::KeyPair}}"})
	}},
	{"a parameter out of its range", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "StackValidationFailed", "Parameter 'size' is invalid: 99 is out of range (min: 8, max: 20)", "POST", "heat", "/stacks",
			obj{"stack_name": "x", "template": stackTemplate, "parameters": obj{"size": 99, "secret": "x", "words": "a"}})
	}},
	{"a parameter that there is not", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "UnknownUserParameter", "The Parameter (colour) was not defined in template.", "POST", "heat", "/stacks",
			obj{"stack_name": "x", "template": version + "resources: {}", "parameters": obj{"colour": "red"}})
	}},
	{"a flavor that there is not", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "StackValidationFailed", "No Flavor matching", "POST", "heat", "/stacks", obj{"stack_name": "x", "template": version +
			"resources: {s: {type: OS::Nova::Server, properties: {flavor: no-such-flavor}}}"})
	}},
	{"an unknown action is malformed", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "HTTPBadRequest", "Invalid action sing specified", "POST", "heat", s.path()+"/actions", obj{"sing": nil})
	}},
	{"only an update is cancelled", func(t *testing.T, s *heatEnv) {
		s.refused(t, 400, "NotSupported", "Cancelling update when stack is CREATE_COMPLETE is not supported.", "POST", "heat", s.path()+"/actions",
			obj{"cancel_update": nil})
	}},
}
