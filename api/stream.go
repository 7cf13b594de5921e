package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
)

// stream registers server-sent events with text IDs. The event IDs of huma's own package are numbers, which cannot hold
// the cursor of a log.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
func stream[I any](api huma.API, need identity.Role, op huma.Operation, events map[string]any, follow func(ctx context.Context, in *I, send sendEvent)) {
	prepare(&op, need)
	var schemas []*huma.Schema
	names := map[reflect.Type]string{}
	for _, name := range slices.Sorted(maps.Keys(events)) {
		t := reflect.TypeOf(events[name])
		names[t] = name
		schemas = append(schemas, &huma.Schema{Title: "Event " + name, Type: huma.TypeObject, Required: []string{"event", "data"}, Properties: map[string]*huma.Schema{
			"id":    {Type: huma.TypeString, Description: "for Last-Event-ID"},
			"event": {Type: huma.TypeString, Extensions: map[string]any{"const": name}},
			"data":  api.OpenAPI().Components.Schemas.Schema(t, true, name),
		}})
	}
	op.Responses = map[string]*huma.Response{"200": {Content: map[string]*huma.MediaType{"text/event-stream": {
		Schema: &huma.Schema{Title: "Server Sent Events", Type: huma.TypeArray, Items: &huma.Schema{Extensions: map[string]any{"oneOf": schemas}}},
	}}}}
	huma.Register(api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(out huma.Context) {
			out.SetHeader("Content-Type", "text/event-stream")
			w, ok := out.BodyWriter().(http.ResponseWriter)
			if !ok {
				return
			}
			response := http.NewResponseController(w)
			follow(ctx, in, func(id string, data any) error {
				raw, err := json.Marshal(data)
				if err != nil {
					return err
				}
				_ = response.SetWriteDeadline(time.Now().Add(sse.WriteTimeout)) // not supported by the recorder of tests
				if id != "" {
					id = "id: " + id + "\n"
				}
				if _, err := fmt.Fprintf(w, "%sevent: %s\ndata: %s\n\n", id, names[reflect.TypeOf(data)], raw); err != nil {
					return err
				}
				return response.Flush()
			})
		}}, nil
	})
}

// requireTask responds 404 to a request for the stream of an unknown task. A stream can only end, which a browser takes for
// a broken connection. Another error does not prevent the stream, which waits until Temporal responds.
func (s *Server) requireTask(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if _, err := s.Tasks.Get(ctx.Context(), ctx.Param("id")); fault.KindOf(err) == fault.NotFound {
			s.refuse(api, ctx, callerOf(ctx.Context()), err)
			return
		}
		next(ctx)
	}
}

// sendEvent sends one event. A reader that reconnects resumes after the ID.
type sendEvent func(id string, data any) error
