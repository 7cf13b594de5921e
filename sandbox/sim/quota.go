package sim

// Limits are the quotas of a project at one service: defaults, changed by what was set.
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

// SetLimits changes quotas of a project; keys the service does not have are left alone.
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

// Over tells whether used+more breaks a limit; -1 is no limit.
func Over(limit, used, more int) bool { return limit >= 0 && used+more > limit }
