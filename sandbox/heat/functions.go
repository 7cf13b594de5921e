package heat

import (
	"crypto/md5"  // an algorithm that templates may use
	"crypto/sha1" // an algorithm that templates may use
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// scope resolves a template's functions.
type scope struct {
	s        *Service
	stack    sim.Document
	template *template
	params   sim.Document
	files    sim.Document
}

// resolve evaluates every function in a value.
func (c *scope) resolve(v any) (any, error) {
	switch t := v.(type) {
	case []any:
		out := make([]any, 0, len(t))
		for _, inner := range t {
			r, err := c.resolve(inner)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		return out, nil
	case sim.Document:
		if len(t) == 1 {
			for name, args := range t {
				if f := functions[name]; f != nil {
					return f(c, args)
				}
			}
		}
		out := sim.Document{}
		for k, inner := range t {
			r, err := c.resolve(inner)
			if err != nil {
				return nil, err
			}
			out[k] = r
		}
		return out, nil
	}
	return v, nil
}

type function func(c *scope, args any) (any, error)

var functions map[string]function

// The table refers to functions that refer to the table, so it is initialized here.
func init() { // breaks the initialization cycle
	functions = map[string]function{
		"get_param": getParam, "get_resource": getResource, "get_attr": getAttr, "get_file": getFile,
		"str_replace": strReplace, "str_replace_strict": strReplace, "list_join": listJoin, "str_split": strSplit,
		"repeat": repeat, "if": ifThenElse, "digest": digest, "list_concat": listConcat, "map_merge": mapMerge,
		"equals": condition, "not": condition, "and": condition, "or": condition, "contains": condition,
	}
}

// list evaluates the arguments of a function that takes a list.
func (c *scope) list(args any) ([]any, error) {
	v, err := c.resolve(args)
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok {
		return nil, invalid("StackValidationFailed", "Arguments to a function must be a list: %s", sim.JSON(v))
	}
	return l, nil
}

func getParam(c *scope, args any) (any, error) {
	path, ok := args.([]any)
	if !ok {
		path = []any{args}
	}
	name := sim.Text(path[0])
	v, known := c.params[name]
	if !known {
		v, known = pseudo(c.stack)[name]
	}
	if !known {
		return nil, invalid("UserParameterMissing", "The Parameter (%s) was not provided.", name)
	}
	rest, err := c.list(path[1:])
	if err != nil {
		return nil, err
	}
	return dig(v, rest), nil
}

// dig follows keys and indexes into a value.
func dig(v any, path []any) any {
	for _, step := range path {
		switch t := v.(type) {
		case sim.Document:
			v = t[sim.Text(step)]
		case []any:
			if i := sim.ToInt(step); i >= 0 && i < len(t) {
				v = t[i]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return v
}

func pseudo(stack sim.Document) sim.Document {
	return sim.Document{"OS::stack_name": stack["stack_name"], "OS::stack_id": stack["id"],
		"OS::project_id": sim.Map(stack, "_actor")["project_id"]}
}

func getResource(c *scope, args any) (any, error) {
	res := c.s.resource(sim.Str(c.stack, "id"), sim.Text(args))
	if _, declared := c.template.resources[sim.Text(args)]; res == nil && declared {
		return nil, nil // not created yet, or disabled by its condition
	}
	if res == nil {
		return nil, invalid("InvalidTemplateReference", "The specified reference \"%s\" (in unknown) is incorrect.", sim.Text(args))
	}
	if t, ok := c.s.types[sim.Str(res, "resource_type")]; ok && t.reference != nil {
		return t.reference(res), nil
	}
	return res["physical_resource_id"], nil
}

func getAttr(c *scope, args any) (any, error) {
	path, err := c.list(args)
	if err != nil {
		return nil, err
	}
	if len(path) == 0 {
		return nil, invalid("StackValidationFailed", "Arguments to \"get_attr\" must be of the form [resource_name, attribute, (path), ...]")
	}
	res := c.s.resource(sim.Str(c.stack, "id"), sim.Text(path[0]))
	if _, declared := c.template.resources[sim.Text(path[0])]; res == nil && declared {
		return nil, nil // not created yet, or disabled by its condition
	}
	if res == nil {
		return nil, invalid("InvalidTemplateReference", "The specified reference \"%s\" (in unknown) is incorrect.", sim.Text(path[0]))
	}
	if len(path) == 1 {
		return c.s.attributes(res), nil
	}
	return dig(c.s.attribute(res, sim.Text(path[1])), path[2:]), nil
}

func getFile(c *scope, args any) (any, error) {
	content, ok := c.files[sim.Text(args)]
	if !ok {
		return nil, invalid("StackValidationFailed", "No content found in the \"files\" section for get_file path: %s", sim.Text(args))
	}
	return content, nil
}

func strReplace(c *scope, args any) (any, error) {
	v, err := c.resolve(args)
	if err != nil {
		return nil, err
	}
	in, _ := v.(sim.Document)
	text, params := sim.Text(in["template"]), sim.Map(in, "params")
	keys := slices.SortedFunc(maps.Keys(params), func(a, b string) int { return len(b) - len(a) }) // longest first, as Heat does
	pairs := make([]string, 0, 2*len(keys))
	for _, k := range keys {
		value := params[k]
		if _, scalar := value.(sim.Document); scalar {
			value = string(sim.JSON(value))
		}
		pairs = append(pairs, k, sim.Text(value))
	}
	return strings.NewReplacer(pairs...).Replace(text), nil
}

func listJoin(c *scope, args any) (any, error) {
	l, err := c.list(args)
	if err != nil || len(l) == 0 {
		return "", err
	}
	var parts []string
	for _, group := range l[1:] {
		items, _ := group.([]any)
		for _, item := range items {
			parts = append(parts, sim.Text(item))
		}
	}
	return strings.Join(parts, sim.Text(l[0])), nil
}

func strSplit(c *scope, args any) (any, error) {
	l, err := c.list(args)
	if err != nil || len(l) < 2 {
		return nil, err
	}
	parts := sim.Anys(strings.Split(sim.Text(l[1]), sim.Text(l[0])))
	if len(l) > 2 {
		return dig(parts, l[2:3]), nil
	}
	return parts, nil
}

// repeat renders a template once for each item of its lists, or for each combination if there are several
// lists.
func repeat(c *scope, args any) (any, error) {
	in, _ := args.(sim.Document)
	each, err := c.resolve(in["for_each"])
	if err != nil {
		return nil, err
	}
	lists, _ := each.(sim.Document)
	out := []any{in["template"]}
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		items, _ := lists[key].([]any)
		next := []any{}
		for _, item := range items {
			for _, t := range out {
				next = append(next, replaceIn(t, key, item))
			}
		}
		out = next
	}
	return c.resolve(out)
}

// replaceIn replaces a word with a value everywhere in a document.
func replaceIn(v any, word string, with any) any {
	switch t := v.(type) {
	case string:
		if t == word {
			return with
		}
		return strings.ReplaceAll(t, word, sim.Text(with))
	case []any:
		out := make([]any, len(t))
		for i, inner := range t {
			out[i] = replaceIn(inner, word, with)
		}
		return out
	case sim.Document:
		out := sim.Document{}
		for k, inner := range t {
			out[strings.ReplaceAll(k, word, sim.Text(with))] = replaceIn(inner, word, with)
		}
		return out
	}
	return v
}

func ifThenElse(c *scope, args any) (any, error) {
	l, ok := args.([]any)
	if !ok || len(l) != 3 {
		return nil, invalid("StackValidationFailed", "Arguments to \"if\" must be of the form: [condition, value_true, value_false]")
	}
	yes, err := c.truth(l[0])
	if err != nil {
		return nil, err
	}
	if yes {
		return c.resolve(l[1])
	}
	return c.resolve(l[2])
}

func condition(c *scope, args any) (any, error) {
	return nil, invalid("StackValidationFailed", "Condition outside of conditions: %s", sim.JSON(args))
}

// truth evaluates a condition: a name from the conditions section, a boolean or a function.
func (c *scope) truth(v any) (bool, error) {
	switch t := v.(type) {
	case bool:
		return t, nil
	case string:
		def, ok := sim.Map(c.template.doc, "conditions")[t]
		if !ok {
			return false, invalid("StackValidationFailed", "Invalid condition \"%s\"", t)
		}
		return c.truth(def)
	case sim.Document:
		for name, args := range t {
			return c.logic(name, args)
		}
	}
	return false, invalid("StackValidationFailed", "Invalid condition %s", sim.JSON(v))
}

func (c *scope) logic(name string, args any) (bool, error) {
	l, _ := args.([]any)
	switch name {
	case "equals", "contains":
		v, err := c.list(args)
		if err != nil || len(v) != 2 {
			return false, err
		}
		if items, ok := v[1].([]any); ok && name == "contains" {
			return slices.ContainsFunc(items, func(i any) bool { return sim.Text(i) == sim.Text(v[0]) }), nil
		}
		return string(sim.JSON(v[0])) == string(sim.JSON(v[1])) || sim.Text(v[0]) == sim.Text(v[1]), nil
	case "not":
		yes, err := c.truth(args)
		return !yes, err
	case "and", "or":
		for _, part := range l {
			yes, err := c.truth(part)
			if err != nil || yes != (name == "and") {
				return yes, err
			}
		}
		return name == "and", nil
	case "get_param":
		v, err := getParam(c, args)
		return sim.Bool(sim.Document{"v": v}, "v"), err
	}
	return false, invalid("StackValidationFailed", "Invalid condition function %s", name)
}

func digest(c *scope, args any) (any, error) {
	l, err := c.list(args)
	if err != nil || len(l) != 2 {
		return nil, err
	}
	text := []byte(sim.Text(l[1]))
	switch sim.Text(l[0]) {
	case "md5":
		sum := md5.Sum(text) // the template's choice
		return hex.EncodeToString(sum[:]), nil
	case "sha1":
		sum := sha1.Sum(text) // the template's choice
		return hex.EncodeToString(sum[:]), nil
	case "sha256":
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:]), nil
	case "sha512":
		sum := sha512.Sum512(text)
		return hex.EncodeToString(sum[:]), nil
	}
	return nil, invalid("StackValidationFailed", "Algorithm must be one of md5, sha1, sha256, sha512")
}

func listConcat(c *scope, args any) (any, error) {
	l, err := c.list(args)
	out := []any{}
	for _, part := range l {
		items, _ := part.([]any)
		out = append(out, items...)
	}
	return out, err
}

func mapMerge(c *scope, args any) (any, error) {
	l, err := c.list(args)
	out := sim.Document{}
	for _, part := range l {
		m, _ := part.(sim.Document)
		maps.Copy(out, m)
	}
	return out, err
}
