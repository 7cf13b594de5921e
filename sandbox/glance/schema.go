package glance

import (
	"maps"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// formats lists the valid values of two properties.
var formats = map[string][]string{
	"disk_format":      {"ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"},
	"container_format": {"ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"},
	"visibility":       {"community", "public", "private", "shared"},
}

// typed are the properties that do not hold strings.
var typed = []string{"min_disk", "min_ram", "protected", "os_hidden", "tags", "locations"}

// valid refuses a malformed image document.
func valid(in sim.Document) error {
	for _, k := range slices.Sorted(maps.Keys(in)) {
		v := in[k]
		text, isText := v.(string)
		if list, limited := formats[k]; limited && v != nil && (!isText || !slices.Contains(list, text)) {
			return sim.BadRequest("Provided object does not match schema 'image': '%s' is not one of [None, '%s']  Failed validating 'enum' in "+
				"schema['properties']['%s']", sim.Text(v), strings.Join(list, "', '"), k)
		}
		if !isText && v != nil && !slices.Contains(typed, k) {
			return sim.BadRequest("Provided object does not match schema 'image': %s is not of type 'string'  Failed validating 'type' in "+
				"schema['properties']['%s']", sim.Text(v), k)
		}
	}
	return nil
}
