package api

import (
	"encoding/json"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"mycloudmanager/workflows"
)

// Every operation has a summary, explained errors, and an example of each JSON body that is valid by its own schema.
func TestOpenAPI_EveryOperationIsDocumented(t *testing.T) {
	s := &Server{Config: Config{SessionKey: make([]byte, 32)}, Operations: workflows.ByName()}
	document, err := s.OpenAPI()
	require.NoError(t, err)
	for path, item := range document.Paths {
		for _, op := range operationsOf(item) {
			t.Run(op.OperationID, func(t *testing.T) {
				require.NotEmpty(t, op.Summary, path)
				if op.RequestBody != nil {
					requireExample(t, document, op.RequestBody.Content["application/json"], huma.ModeWriteToServer)
				}
				for status, response := range op.Responses {
					if status >= "400" {
						require.Equal(t, statusDescriptions[status], response.Description, status)
						require.NotEmpty(t, response.Description, status)
						continue
					}
					if content := response.Content["application/json"]; content != nil {
						requireExample(t, document, content, huma.ModeReadFromServer)
					}
				}
			})
		}
	}
}

func requireExample(t *testing.T, document *huma.OpenAPI, content *huma.MediaType, mode huma.ValidateMode) {
	t.Helper()
	require.NotNil(t, content.Example, "examples.yaml has no example")
	raw, err := json.Marshal(content.Example)
	require.NoError(t, err)
	var value any
	require.NoError(t, json.Unmarshal(raw, &value))
	result := &huma.ValidateResult{}
	huma.Validate(document.Components.Schemas, content.Schema, huma.NewPathBuffer([]byte(""), 0), mode, value, result)
	require.Empty(t, result.Errors)
}
