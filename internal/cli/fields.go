package cli

import (
	"fmt"
	"strings"
)

// setField sets the field with a dotted path, such as schedule.time, in a JSON object.
func setField(object map[string]any, path string, value any) error {
	parent, rest, nested := strings.Cut(path, ".")
	if !nested {
		object[path] = value
		return nil
	}
	inner, ok := object[parent].(map[string]any)
	if !ok {
		if object[parent] != nil {
			return fmt.Errorf("%s is not an object", parent)
		}
		inner = map[string]any{}
		object[parent] = inner
	}
	return setField(inner, rest, value)
}
