package main

import "os/exec"

// lists has one request per service that makes the service call others.
var lists = []struct{ service, path string }{
	{"nova", "/servers"}, {"cinder", "/volumes"}, {"neutron", "/networks"}, {"glance", "/images"},
	{"heat", "/stacks"}, {"swift", ""},
}

// recordFaults stops the dependencies of the services and records their responses.
func recordFaults(c *cloud) {
	// Services cache a validated token for a while. Each fault needs a new one, because the services share the
	// cache.
	var sessions []*session
	for range lists {
		sessions = append(sessions, c.signIn("demo"))
	}
	c.without("keystone", func() {
		for i, l := range lists {
			sessions[i].record("identity_unavailable", anyFault, "GET", l.service, l.path, nil)
		}
	})
	// All services have cached this token by now, so the failure is not Keystone's.
	c.without("mariadb", func() {
		for _, l := range lists {
			if l.service != "swift" && l.service != "neutron" { // not affected; its request to Keystone hangs for minutes
				c.demo.record("database_unavailable", anyFault, "GET", l.service, l.path, nil)
			}
		}
		c.demo.withoutToken().record("database_unavailable", anyFault, "POST", "keystone", "/auth/tokens",
			passwordAuth("demo", c.password))
	})
	c.without("heat-engine", func() {
		c.demo.record("engine_unavailable", anyFault, "GET", "heat", "/stacks", nil)
	})
}

// without runs a function while a service is stopped, and restarts the service in any case.
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
			return c.demo.withoutToken().do("POST", "keystone", "/auth/tokens", passwordAuth("demo", c.password)).status == 201
		})
	}()
	do()
}

func (c *cloud) service(verb, name string) {
	if out, err := exec.Command(c.control, verb, name).CombinedOutput(); err != nil {
		failf("%s %s %s: %v %s", c.control, verb, name, err, out)
	}
}
