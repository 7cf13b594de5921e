package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// schema is the part of a chart's values.schema.json that users set: properties.environment and properties.parameters.
type schema struct {
	document map[string]any
	compiled *jsonschema.Schema
}

// sections are the two sections of the settings.
var sections = []string{"environment", "parameters"}

func parseSchema(raw []byte) (schema, error) {
	var s schema
	if err := json.Unmarshal(raw, &s.document); err != nil {
		return s, err
	}
	properties, _ := s.document["properties"].(map[string]any)
	for _, half := range sections {
		h, ok := properties[half].(map[string]any)
		if !ok {
			return s, fmt.Errorf("properties.%s: missing", half)
		}
		if h["additionalProperties"] != false {
			return s, fmt.Errorf("properties.%s.additionalProperties: must be false", half)
		}
	}
	only := map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
		"environment": properties["environment"], "parameters": properties["parameters"],
	}}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("settings.json", plain(only)); err != nil {
		return s, err
	}
	compiled, err := c.Compile("settings.json")
	s.compiled = compiled
	return s, err
}

// plain converts a value to the types that JSON decoding produces, which the schema library expects.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	return out
}

// section returns the properties of one section.
func (s schema) section(name string) map[string]any {
	properties, _ := s.document["properties"].(map[string]any)
	h, _ := properties[name].(map[string]any)
	p, _ := h["properties"].(map[string]any)
	return p
}

// secret reports whether a field is write-only.
func (s schema) secret(half, field string) bool {
	f, _ := s.section(half)[field].(map[string]any)
	return f["writeOnly"] == true
}

// Schema returns the schemas of both sections, in the reader's language.
func (a App) Schema(lang string) app.Schema {
	properties, _ := a.schema.document["properties"].(map[string]any)
	out := map[string]map[string]any{}
	for _, half := range sections {
		h, _ := plain(properties[half]).(map[string]any)
		localise(h, lang)
		out[half] = h
	}
	return app.Schema{Environment: out["environment"], Parameters: out["parameters"]}
}

// localise replaces texts by those of "x-i18n", recursively.
func localise(node any, lang string) {
	switch n := node.(type) {
	case map[string]any:
		if texts, ok := n["x-i18n"].(map[string]any); ok {
			if t, ok := texts[lang].(map[string]any); ok {
				maps.Copy(n, t)
			}
			delete(n, "x-i18n")
		}
		for _, child := range n {
			localise(child, lang)
		}
	case []any:
		for _, child := range n {
			localise(child, lang)
		}
	}
}

// Defaults returns the default values of the schema.
func (a App) Defaults() app.Settings {
	out := app.Settings{Environment: map[string]any{}, Parameters: map[string]any{}}
	for half, values := range map[string]map[string]any{"environment": out.Environment, "parameters": out.Parameters} {
		for name, p := range a.schema.section(half) {
			if f, ok := p.(map[string]any); ok && f["default"] != nil {
				values[name] = f["default"]
			}
		}
	}
	return out
}

// WithDefaults adds the default values that the user has not set.
func (a App) WithDefaults(s app.Settings) app.Settings {
	out := a.Defaults()
	maps.Copy(out.Environment, s.Environment)
	maps.Copy(out.Parameters, s.Parameters)
	return out
}

// Masked replaces the secrets that are set.
func (a App) Masked(s app.Settings) app.Settings {
	mask := func(half string, values map[string]any) map[string]any {
		out := maps.Clone(values)
		for name, v := range out {
			if a.schema.secret(half, name) && v != "" && v != nil {
				out[name] = app.Masked
			}
		}
		return out
	}
	return app.Settings{Environment: mask("environment", s.Environment), Parameters: mask("parameters", s.Parameters)}
}

// Secrets returns the values of the secrets that are set, so that logs can omit them.
func (a App) Secrets(s app.Settings) []string {
	var out []string
	for half, values := range map[string]map[string]any{"environment": s.Environment, "parameters": s.Parameters} {
		for name, v := range values {
			if text, ok := v.(string); ok && text != "" && a.schema.secret(half, name) {
				out = append(out, text)
			}
		}
	}
	return out
}

// Unmasked restores the previous secrets where the user has sent the mask.
func (a App) Unmasked(s, before app.Settings) app.Settings {
	keep := func(half string, values, old map[string]any) map[string]any {
		out := map[string]any{}
		for name, v := range values {
			if v == app.Masked && a.schema.secret(half, name) {
				if secret, ok := old[name]; ok {
					out[name] = secret
				}
				continue
			}
			out[name] = v
		}
		return out
	}
	return app.Settings{
		Environment: keep("environment", s.Environment, before.Environment),
		Parameters:  keep("parameters", s.Parameters, before.Parameters),
	}
}

// Changes lists the differences, sorted by name, with masked secrets.
func (a App) Changes(old, new app.Settings) []operation.Change {
	out := []operation.Change{}
	diff := func(half string, before, after map[string]any) {
		names := slices.Sorted(maps.Keys(a.schema.section(half)))
		for _, name := range names {
			was, is := text(before[name]), text(after[name])
			if was == is {
				continue
			}
			if a.schema.secret(half, name) {
				was, is = mask(was), mask(is)
			}
			out = append(out, operation.Change{Field: half + "." + name, Old: was, New: is})
		}
	}
	diff("environment", old.Environment, new.Environment)
	diff("parameters", old.Parameters, new.Parameters)
	return out
}

func mask(s string) string {
	if s == "" {
		return ""
	}
	return app.Masked
}

func text(v any) string {
	switch t := v.(type) {
	case nil:
		return ""
	case string:
		return t
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// CheckSettings validates settings against the schema. It returns an Invalid fault with one entry for each field.
func (a App) CheckSettings(s app.Settings) error {
	err := a.schema.compiled.Validate(plain(map[string]any{"environment": orEmpty(s.Environment), "parameters": orEmpty(s.Parameters)}))
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	f := &fault.Error{Kind: fault.Invalid, Message: "the settings are not valid", Err: err}
	leaves(invalid, func(v *jsonschema.ValidationError) {
		said := v.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		if at := v.InstanceLocation; len(at) > 1 && a.schema.secret(at[0], at[1]) {
			said = "not a valid value" // the message of the library may contain the secret
		}
		f.Fields = append(f.Fields, fault.Field{Field: strings.Join(v.InstanceLocation, "."), Message: said})
	})
	return f
}

func leaves(v *jsonschema.ValidationError, visit func(*jsonschema.ValidationError)) {
	if len(v.Causes) == 0 {
		visit(v)
	}
	for _, cause := range v.Causes {
		leaves(cause, visit)
	}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
