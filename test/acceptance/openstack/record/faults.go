package main

import "os/exec"

// lists is a request for each service that makes it ask others.
var lists = []struct{ service, path string }{
	{"nova", "/servers"}, {"cinder", "/volumes"}, {"neutron", "/networks"}, {"glance", "/images"},
	{"heat", "/stacks"}, {"swift", ""},
}

// recordFaults stops what the services stand on and keeps what they say then.
func recordFaults(c *cloud) {
	// A token that a service has seen is believed for a while without Keystone; one is needed for each of them,
	// because they share their memory of tokens.
	var sessions []*session
	for range lists {
		sessions = append(sessions, c.signIn("demo"))
	}
	c.without("keystone", func() {
		for i, l := range lists {
			sessions[i].record("identity_unavailable", anyFault, "GET", l.service, l.path, nil)
		}
	})
	// Every service has seen this token by now, so it is not Keystone that fails.
	c.without("mariadb", func() {
		for _, l := range lists {
			if l.service != "swift" && l.service != "neutron" { // has none; asks it again for minutes, without an answer
				c.demo.record("database_unavailable", anyFault, "GET", l.service, l.path, nil)
			}
		}
		c.demo.withToken("").record("database_unavailable", anyFault, "POST", "keystone", "/auth/tokens",
			passwordAuth("demo", c.password))
	})
	c.without("heat-engine", func() {
		c.demo.record("engine_unavailable", anyFault, "GET", "heat", "/stacks", nil)
	})
}

// without does something while a service is stopped, and starts it again whatever happens.
func (c *cloud) without(name string, do func()) {
	c.service("stop", name)
	defer func() {
		c.service("start", name)
		until(name+" to be back", func() bool {
			for _, l := range lists {
				if a := c.demo.do("GET", l.service, l.path, nil); a.status == 0 || a.status >= 300 {
					return false
				}
			}
			return c.demo.withToken("").do("POST", "keystone", "/auth/tokens", passwordAuth("demo", c.password)).status == 201
		})
	}()
	do()
}

func (c *cloud) service(verb, name string) {
	if out, err := exec.Command(c.control, verb, name).CombinedOutput(); err != nil {
		failf("%s %s %s: %v %s", c.control, verb, name, err, out)
	}
}
