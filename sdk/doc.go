// Package sdk is the Go client of the MyCloudManager REST API.
//
// A client has one method for each operation of the API, named after its operationId:
//
//	client, err := sdk.New("https://mcm.example.org", sdk.ApplicationCredential{ID: id, Secret: secret})
//	if err != nil {
//		return err
//	}
//	task, err := client.LaunchApp(ctx, "zabbix", sdk.LaunchAppRequest{})
//	if err != nil {
//		return err
//	}
//	task, err = client.WaitForTask(ctx, task.ID, func(t sdk.Task) { log.Print(t.Message) })
//
// An operation that changes something returns a [Task], which continues without the client. Requests that start a task
// carry an Idempotency-Key and are repeated when the manager is unavailable; a repeated request never starts a second
// task. An error response is returned as a *[Problem].
//
// The types in types.gen.go are generated from api/openapi.yaml by `make generate`.
package sdk
