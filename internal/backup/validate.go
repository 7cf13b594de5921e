package backup

import (
	"path"
	"strings"

	"mycloudmanager/internal/fault"
)

// Validate returns an Invalid fault for the first field with which the plan could never run. It does not check whether the
// instances exist.
func (p Plan) Validate() error {
	if strings.TrimSpace(p.Name) == "" {
		return fault.InvalidField("name", "name is required")
	}
	if err := p.Schedule.Validate(); err != nil {
		return err
	}
	if p.Method != FileLevel {
		return nil
	}
	if p.Snapshot.ConsistencyGroup {
		return fault.InvalidField("snapshot.consistency_group", "a consistency group needs the snapshot method")
	}
	return p.ValidateFiles()
}

// ValidateFiles returns an Invalid fault for a directory or a pattern that cannot be passed to an engine line by line.
func (p Plan) ValidateFiles() error {
	if len(p.Directories) == 0 {
		return fault.InvalidField("directories", "name at least one directory")
	}
	for _, d := range p.Directories {
		if !path.IsAbs(d) || hasLineBreak(d) {
			return fault.InvalidField("directories", "%q is not an absolute path", d)
		}
	}
	for _, e := range p.Soft.Excludes {
		if hasLineBreak(e) {
			return fault.InvalidField("soft.excludes", "%q has a line break", e)
		}
	}
	return nil
}

func hasLineBreak(text string) bool { return strings.ContainsAny(text, "\n\x00") }
