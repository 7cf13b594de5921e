// Command record records a real OpenStack's responses, successes and errors, that the product must understand, and
// writes each as one JSON file: service, method, path, status, a few headers, request and body. Secrets are replaced
// by REDACTED, ids are kept. It makes what it needs in the project demo and removes it again.
//
//	test/acceptance/openstack/up.sh
//	go run ./test/acceptance/openstack/record -out internal/openstack/testdata/recorded
package main
