// Command client lists apps and instances with a client that was generated from api/openapi.yaml.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, server string) error {
	client, err := NewClientWithResponses(server, WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("X-Auth-Token", os.Getenv("MCM_TOKEN"))
		return nil
	}))
	if err != nil {
		return err
	}
	apps, err := client.ListAppsWithResponse(ctx)
	if err != nil {
		return err
	}
	if apps.JSON200 == nil {
		return fmt.Errorf("apps: %s", apps.Status())
	}
	fmt.Println("apps:", len(apps.JSON200.Items))
	size := int64(1)
	instances, err := client.ListInstancesWithResponse(ctx, &ListInstancesParams{PageSize: &size})
	if err != nil {
		return err
	}
	if instances.JSON200 == nil || len(instances.JSON200.Items) != 1 {
		return fmt.Errorf("instances: %s", instances.Status())
	}
	check, err := client.PreflightStackWithResponse(ctx, StackParameters{Name: "toolbox"})
	if err != nil {
		return err
	}
	if check.JSON200 == nil || len(check.JSON200.Checks) == 0 {
		return fmt.Errorf("preflight: %s", check.Status())
	}
	missing, err := client.GetAppWithResponse(ctx, "missing")
	if err != nil {
		return err
	}
	if missing.ApplicationproblemJSON404 == nil {
		return fmt.Errorf("app: %s", missing.Status())
	}
	fmt.Println(missing.ApplicationproblemJSON404.Title)
	return nil
}
