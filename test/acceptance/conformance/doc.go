// Package conformance compares the simulated cloud with real OpenStack: every case sends the same requests to either and
// requires the same responses. Where they differ, the simulated cloud is wrong.
//
//	go test -trimpath ./test/acceptance/conformance                                  # the simulated cloud, in this process
//	MCM_CONFORMANCE_CLOUD=admin go test -trimpath ./test/acceptance/conformance -count=1   # that entry of clouds.yaml; env: OS_*
//
// With administrator credentials the run creates its own project, with a member, a reader and an outsider, and may change
// its quotas. Otherwise the cases run in the project of the credentials, and those that need an administrator are skipped.
package conformance
