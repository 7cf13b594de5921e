package sim

// Limits returns the quotas of a project at one service: the defaults, overridden by the values that were set.
func (c *Cloud) Limits(service, project string, defaults map[string]int) map[string]int {
	out := make(map[string]int, len(defaults))
	set := c.Get(service+"/quotas", project)
	for k, v := range defaults {
		out[k] = v
		if _, ok := set[k]; ok {
			out[k] = Int(set, k)
		}
	}
	return out
}

// SetLimits changes quotas of a project; keys that the service does not have are ignored.
func (c *Cloud) SetLimits(service, project string, defaults map[string]int, want Document) {
	set := c.Get(service+"/quotas", project)
	if set == nil {
		set = Document{"id": project}
	}
	for k := range want {
		if _, ok := defaults[k]; ok {
			set[k] = Int(want, k)
		}
	}
	c.Put(service+"/quotas", set)
}

// Over reports whether used+more exceeds a limit; -1 is unlimited.
func Over(limit, used, more int) bool { return limit >= 0 && used+more > limit }
