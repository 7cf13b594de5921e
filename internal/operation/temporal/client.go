// Package temporal connects to the embedded or an external Temporal server and prepares the namespace, its retention and
// its search attributes.
package temporal

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/encryption"
)

// TaskQueue is the task queue of all workflows and activities.
const TaskQueue = "mcm"

// Config configures the connection.
type Config struct {
	Address      string
	Namespace    string
	TLS          *tls.Config // nil connects without TLS
	APIKey       string
	Retention    time.Duration
	Metrics      client.MetricsHandler
	Interceptors []interceptor.ClientInterceptor
}

// Connect connects to the server and prepares the namespace. It returns Unavailable if the server does not respond within
// the timeout.
func Connect(ctx context.Context, c Config, ring *encryption.Keyring, timeout time.Duration) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	data := ring.Converter()
	options := client.Options{
		HostPort: c.Address, Namespace: c.Namespace, DataConverter: data,
		FailureConverter: sdktemporal.NewDefaultFailureConverter(sdktemporal.DefaultFailureConverterOptions{
			DataConverter: data, EncodeCommonAttributes: true,
		}),
		Logger: sdklog.NewStructuredLogger(slog.Default()), MetricsHandler: c.Metrics, Interceptors: c.Interceptors,
		ConnectionOptions: client.ConnectionOptions{TLS: c.TLS, DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(setRequestID, setConflictToken)}},
	}
	if c.APIKey != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(c.APIKey)
	}
	t, err := dial(ctx, options)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "Temporal at %s does not respond: %v", c.Address, err)
	}
	if err := prepare(ctx, t, c); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// dial connects to the server. The SDK makes a single attempt; dial repeats it until ctx is done, because a server that
// restarts is available soon.
func dial(ctx context.Context, o client.Options) (client.Client, error) {
	for {
		t, err := client.DialContext(ctx, o)
		if err == nil {
			return t, nil
		}
		slog.Warn("Temporal does not respond yet", "err", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Second):
		}
	}
}

// prepare creates the namespace and the search attributes. It repeats the attempt until both are available: the server
// registers them with a delay.
func prepare(ctx context.Context, t client.Client, c Config) error {
	for {
		err := prepareOnce(ctx, t, c)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fault.New(fault.Unavailable, err, "Temporal's namespace %s is not ready: %v", c.Namespace, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// prepareOnce returns nil if the namespace and the search attributes are available. Otherwise it creates what is missing
// and returns an error.
func prepareOnce(ctx context.Context, t client.Client, c Config) error {
	service := t.WorkflowService()
	found, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	switch err.(type) { //nolint:errorlint // serviceerror types are never wrapped by the client
	case nil:
	case *serviceerror.NamespaceNotFound:
		_, err := service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: c.Namespace, Description: "MyCloudManager", WorkflowExecutionRetentionPeriod: durationpb.New(c.Retention),
		})
		if err != nil {
			return err
		}
		return fmt.Errorf("the namespace was just created")
	default:
		return err
	}
	if found.Config.GetWorkflowExecutionRetentionTtl().AsDuration() != c.Retention {
		if _, err := service.UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: c.Namespace, Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(c.Retention)},
		}); err != nil {
			return err
		}
	}
	return searchAttributes(ctx, t, c.Namespace)
}

func searchAttributes(ctx context.Context, t client.Client, namespace string) error {
	missing := map[string]enumspb.IndexedValueType{
		operation.TargetsKey: enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST, operation.ActorKey: enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
	}
	for _, key := range []string{operation.TaskKey, operation.OperationKey, operation.OutcomeKey, operation.ViaKey, operation.IdempotencyKey} {
		missing[key] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	existing, err := t.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return err
	}
	for key := range existing.CustomAttributes {
		delete(missing, key)
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = t.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil {
		return err
	}
	return fmt.Errorf("the search attributes were just created")
}
