package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
)

// suites are run in this order; each cleans up after itself.
var suites = []struct {
	name string
	run  func(*cloud)
}{
	{"keystone", recordKeystone},
	{"glance", recordGlance},
	{"neutron", recordNeutron},
	{"nova", recordNova},
	{"cinder", recordCinder},
	{"swift", recordSwift},
	{"heat", recordHeat},
	{"faults", recordFaults},
}

func main() {
	log.SetFlags(0)
	out := flag.String("out", "internal/openstack/testdata/recorded", "directory of the recorded responses")
	url := flag.String("auth-url", envOr("OS_AUTH_URL", "http://127.0.0.1:5000/v3"), "Keystone")
	control := flag.String("control", "test/acceptance/openstack/svc.sh", "program that stops and starts single services")
	only := flag.String("only", "", "comma separated services; empty for all")
	flag.Parse()

	c := newCloud(*url, envOr("MCM_OPENSTACK_PASSWORD", "secret"), *out)
	c.control = *control
	for _, s := range suites {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
			continue
		}
		run(c, s.run)
		fmt.Printf("%s: %d responses\n", s.name, c.written)
		c.written = 0
	}
}

func envOr(name, other string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return other
}

// failure ends a suite: its resources are deleted before the program exits.
type failure string

func failf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

func run(c *cloud, suite func(*cloud)) {
	defer func() {
		r := recover()
		f, ok := r.(failure)
		if r != nil && !ok {
			panic(r)
		}
		c.cleanUp()
		if ok {
			log.Fatal(string(f))
		}
	}()
	suite(c)
}
