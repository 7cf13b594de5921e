package heat

// Defaults are the default quotas of a project; the keys are Heat's.
var Defaults = map[string]int{"stacks": 20}
