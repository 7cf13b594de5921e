// Package telemetry opens metrics for Prometheus, and traces when OTEL_* asks for them.
package telemetry

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// Telemetry holds the metrics and the tracing of the product.
type Telemetry struct {
	Metrics http.Handler
	SDK     client.MetricsHandler
	Tracing []interceptor.Interceptor // none unless OTEL_* sets an endpoint

	stop []func(context.Context) error
}

// Open starts metrics, and traces as the standard OTEL_EXPORTER_OTLP_* variables specify.
func Open(ctx context.Context) (*Telemetry, error) {
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(prometheus.DefaultRegisterer), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, err
	}
	meters := metric.NewMeterProvider(metric.WithReader(exporter))
	t := &Telemetry{Metrics: promhttp.Handler(), stop: []func(context.Context) error{meters.Shutdown}}
	t.SDK = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: meters.Meter("temporal-sdk-go"), UseMonotonicCounters: true,
		OnError: func(error) {}, // a metric must not stop an operation
	})
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return t, nil
	}
	return t, t.trace(ctx)
}

func (t *Telemetry) trace(ctx context.Context) error {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "mycloudmanager")), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return err
	}
	tracers := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(about))
	otel.SetTracerProvider(tracers)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	t.stop = append(t.stop, tracers.Shutdown)
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{})
	if err != nil {
		return err
	}
	t.Tracing = []interceptor.Interceptor{tracing}
	return nil
}

// Close sends the remaining traces.
func (t *Telemetry) Close(ctx context.Context) error {
	var err error
	for _, stop := range t.stop {
		err = errors.Join(err, stop(ctx))
	}
	return err
}
