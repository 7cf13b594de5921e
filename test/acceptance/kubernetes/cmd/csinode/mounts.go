package main

import "strings"

// containsMount reports whether a mount point is in the text of /proc/self/mountinfo, where it is the fifth
// field.
func containsMount(mountinfo, dir string) bool {
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == dir {
			return true
		}
	}
	return false
}
