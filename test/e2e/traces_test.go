package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// TestTraces requires that the traces of an operation reach the collector of the standard variables: the
// request, its workflow and its activities, under the product's name.
func TestTraces(t *testing.T) {
	var (
		mu    sync.Mutex
		spans = map[string]bool{}
		names = map[string]bool{}
	)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var batch collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(raw, &batch) != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s is no batch of traces", r.URL.Path)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, resource := range batch.ResourceSpans {
			for _, a := range resource.GetResource().GetAttributes() {
				if a.GetKey() == "service.name" {
					names[a.GetValue().GetStringValue()] = true
				}
			}
			for _, scope := range resource.ScopeSpans {
				for _, span := range scope.Spans {
					spans[span.Name] = true
				}
			}
		}
	}))
	t.Cleanup(sink.Close)

	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=20",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + sink.URL, "OTEL_BSP_SCHEDULE_DELAY=200"}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	p.signIn(t, "demo").work(t, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})

	wanted := []string{"StartWorkflow:DeployStack", "RunWorkflow:DeployStack", "RunActivity:CreateStack"}
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, name := range wanted {
			if !spans[name] {
				return false
			}
		}
		return true
	}, 20*time.Second, 100*time.Millisecond, "spans %v", spans)
	require.Equal(t, map[string]bool{"mycloudmanager": true}, names)
}
