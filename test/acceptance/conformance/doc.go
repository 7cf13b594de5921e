// Package conformance holds the simulated cloud against real OpenStack: every case is one test, asks either of them the
// same, and expects the same of both. Where they differ the simulated cloud is wrong.
//
//	go test -trimpath ./test/acceptance/conformance                                  # the simulated cloud, in this process
//	MCM_CONFORMANCE_CLOUD=admin go test -trimpath ./test/acceptance/conformance -count=1   # that entry of clouds.yaml; env: OS_*
//
// An administrator is given a project of its own for the run, with a member, a reader and a stranger, and its quotas can be
// taken away. Anybody else runs the cases in the project that is there; those that need an administrator are skipped.
package conformance
