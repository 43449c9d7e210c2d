// Package telemetry sends metrics (RT-24) and spans (RT-25) to the collector beside a process, by the variables of
// OpenTelemetry's specification, certificates among them. Without OTEL_EXPORTER_OTLP_ENDPOINT, or with an exporter `none`, they go nowhere.
package telemetry

import (
	"context"
	"errors"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Start makes the exporters. The result ends them and sends what is left.
func Start(ctx context.Context) (func(context.Context) error, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" {
		return func(context.Context) error { return nil }, nil
	}
	// Errors of the collector are not the service's, and their text is no record.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	about, err := resource.New(ctx, resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, err
	}
	ends := []func(context.Context) error{}
	if os.Getenv("OTEL_METRICS_EXPORTER") != "none" {
		exporter, err := metricExporter(ctx)
		if err != nil {
			return nil, err
		}
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(about), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)))
		otel.SetMeterProvider(provider)
		ends = append(ends, provider.Shutdown)
	}
	if os.Getenv("OTEL_TRACES_EXPORTER") != "none" {
		exporter, err := traceExporter(ctx)
		if err != nil {
			return nil, err
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(exporter))
		otel.SetTracerProvider(provider)
		ends = append(ends, provider.Shutdown)
	}
	return func(ctx context.Context) error {
		var failures []error
		for _, end := range ends {
			failures = append(failures, end(ctx))
		}
		return errors.Join(failures...)
	}, nil
}

// overHTTP: the protocol is the exporter's choice in other languages' SDKs; in this one each protocol is an exporter.
func overHTTP() bool { return os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "http/protobuf" }

func metricExporter(ctx context.Context) (sdkmetric.Exporter, error) {
	if overHTTP() {
		return otlpmetrichttp.New(ctx)
	}
	return otlpmetricgrpc.New(ctx)
}

func traceExporter(ctx context.Context) (*otlptrace.Exporter, error) {
	if overHTTP() {
		return otlptracehttp.New(ctx)
	}
	return otlptracegrpc.New(ctx)
}

// boundaries of distributions in milliseconds: a quantile is known only as well as they lie, so the limits of the
// specification (2 s of waiting, 12 s of latency) are among them, and values on both sides.
var boundaries = metric.WithExplicitBucketBoundaries(5, 25, 100, 250, 500, 1000, 1500, 2000, 3000, 5000, 8000, 10000, 12000, 15000, 30000, 60000)

// Router is the metrics of the router, by the names and units of its specification.
type Router struct {
	RoundTrip, QueueWait metric.Float64Histogram
	Failures, RateLimit  metric.Int64Counter
	Uptime               metric.Float64Counter
	Depth                metric.Int64Gauge
}

// NewRouter makes the instruments.
func NewRouter() (Router, error) {
	meter := otel.Meter("router")
	var made Router
	errs := make([]error, 6)
	made.RoundTrip, errs[0] = meter.Float64Histogram("latency.round_trip_ms", metric.WithUnit("ms"), boundaries)
	made.QueueWait, errs[1] = meter.Float64Histogram("queue.wait_ms", metric.WithUnit("ms"), boundaries)
	made.Depth, errs[2] = meter.Int64Gauge("queue.depth", metric.WithUnit("1"))
	made.Failures, errs[3] = meter.Int64Counter("a2a.failure_total", metric.WithUnit("1"))
	made.RateLimit, errs[4] = meter.Int64Counter("rate_limit.hit", metric.WithUnit("1"))
	made.Uptime, errs[5] = meter.Float64Counter("router.uptime_seconds", metric.WithUnit("s"))
	return made, errors.Join(errs...)
}
