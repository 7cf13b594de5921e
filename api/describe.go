package api

import (
	_ "embed" // examples.yaml
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"sigs.k8s.io/yaml"
)

//go:embed examples.yaml
var examplesFile []byte

// example holds the bodies of one operation for the contract.
type example struct {
	Request  any `json:"request,omitempty"`
	Response any `json:"response,omitempty"`
}

// statusDescriptions say what a client can do about an error response. Every error response is a Problem.
var statusDescriptions = map[string]string{
	"400": "The request cannot be parsed.",
	"401": "The request has no valid credential: sign in again, or send another token.",
	"403": "The role of the user does not permit the operation, or a quota of the project is exceeded (code quota).",
	"404": "The object does not exist.",
	"409": "Another task works on the object; task is the URL of that task.",
	"412": "The object has changed since it was read: read it again.",
	"413": "The body is larger than 1 MiB.",
	"422": "A value is not valid; errors names each field. Nothing was changed.",
	"429": "Too many requests: repeat the request after the seconds in Retry-After.",
	"500": "Unexpected error. The log of the manager has the details under the request ID.",
	"503": "OpenStack, the cluster or Temporal does not respond: repeat the request after the seconds in Retry-After.",
}

// downloads are the content types of the responses that are not JSON.
var downloads = map[string][]string{
	"getAppIcon":      {"image/svg+xml"},
	"getEnrollScript": {"text/x-shellscript"},
	"exportAudit":     {"text/csv", "application/jsonl", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	"getTaskLog":      {"text/plain", "application/jsonl"},
}

// completeContract completes the contract with what huma does not derive from Go types: the meaning of each status, the content types
// of downloads and examples.
func completeContract(document *huma.OpenAPI) error {
	var examples map[string]example
	if err := yaml.UnmarshalStrict(examplesFile, &examples); err != nil {
		return fmt.Errorf("examples.yaml: %w", err)
	}
	for _, path := range document.Paths {
		for _, op := range operationsOf(path) {
			describeResponses(op)
			given := examples[op.OperationID]
			if op.RequestBody != nil {
				setExample(op.RequestBody.Content["application/json"], given.Request)
			}
			for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
				if status < "300" {
					setExample(op.Responses[status].Content["application/json"], given.Response)
				}
			}
		}
	}
	return nil
}

func describeResponses(op *huma.Operation) {
	for status, response := range op.Responses {
		if text, ok := statusDescriptions[status]; ok {
			response.Description = text
		}
	}
	if types := downloads[op.OperationID]; types != nil {
		content := map[string]*huma.MediaType{}
		for _, t := range types {
			content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		op.Responses[strconv.Itoa(max(op.DefaultStatus, 200))].Content = content
	}
}

func setExample(content *huma.MediaType, value any) {
	if content != nil && value != nil {
		content.Example = value
	}
}

func operationsOf(path *huma.PathItem) []*huma.Operation {
	return slices.DeleteFunc([]*huma.Operation{path.Get, path.Post, path.Put, path.Patch, path.Delete}, func(o *huma.Operation) bool { return o == nil })
}
