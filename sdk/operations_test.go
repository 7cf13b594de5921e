package sdk

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// operation describes one operation of the contract.
type operation struct {
	Method, Path string
	Header       []string // names of its header parameters
	Body         bool
}

// contract returns the operations of api/openapi.yaml by the name of the client's method.
func contract(t *testing.T) map[string]operation {
	t.Helper()
	raw, err := os.ReadFile("../api/openapi.yaml")
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []struct{ Name, In string }
			RequestBody any `json:"requestBody"`
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &document))
	operations := map[string]operation{}
	for path, methods := range document.Paths {
		for method, o := range methods {
			found := operation{Method: strings.ToUpper(method), Path: path, Body: o.RequestBody != nil}
			for _, p := range o.Parameters {
				if p.In == "header" {
					found.Header = append(found.Header, p.Name)
				}
			}
			operations[strings.ToUpper(o.OperationID[:1])+o.OperationID[1:]] = found
		}
	}
	return operations
}

// Every operation of the contract is a method of Client that sends the method, path, headers and body of the contract.
func TestClient_EveryOperationOfTheContract(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	client, err := New(server.URL, Token("secret"), WithRetries(0, 0))
	require.NoError(t, err)

	operations := contract(t)
	require.NotEmpty(t, operations)
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		t.Run(name, func(t *testing.T) {
			want := operations[name]
			method := reflect.ValueOf(client).MethodByName(name)
			require.True(t, method.IsValid(), "Client has no method %s for %s %s", name, want.Method, want.Path)
			got = nil
			invoke(t.Context(), method)
			require.NotNil(t, got, "no request")
			require.Equal(t, want.Method, got.Method)
			require.Regexp(t, "^/api/v1"+regexp.MustCompile(`\{\w+\}`).ReplaceAllString(want.Path, "a%2Fb%3Fc")+"$", got.URL.EscapedPath())
			require.Equal(t, slices.Contains(want.Header, "Idempotency-Key"), got.Header.Get("Idempotency-Key") != "", "Idempotency-Key")
			if slices.Contains(want.Header, "If-Match") {
				require.Equal(t, "a/b?c", got.Header.Get("If-Match"))
			}
			require.Equal(t, want.Body, len(bytes.TrimSpace(body)) > 0, "body")
			require.Equal(t, "secret", got.Header.Get("X-Auth-Token"))
		})
	}
}

// invoke calls an operation with hostile IDs and zero values, and reads the first element of a stream.
func invoke(ctx context.Context, method reflect.Value) {
	in := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < method.Type().NumIn(); i++ {
		v := reflect.New(method.Type().In(i)).Elem()
		if v.Kind() == reflect.String {
			v.SetString("a/b?c")
		}
		in = append(in, v)
	}
	out := method.Call(in)
	switch events := out[0].Interface().(type) {
	case iter.Seq2[Event, error]:
		first(events)
	case iter.Seq2[Task, error]:
		first(events)
	case iter.Seq2[LogEvent, error]:
		first(events)
	}
}

func first[T any](events iter.Seq2[T, error]) {
	for range events {
		return
	}
}
