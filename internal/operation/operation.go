package operation

import (
	"strings"

	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/platform/i18n"
)

// Operation describes one kind of work for the API, the worker, the tasks and the audit log.
type Operation struct {
	Name     string        // as in the REST contract: app.launch
	Workflow any           // the workflow function
	Role     identity.Role // least role that may start it
	Title    i18n.Text     // {target} is replaced by the targets
	Input    func() any    // a pointer to a new input, for a retry
}

// TokenUser is an input with the caller's own short-lived token, which a retry replaces.
type TokenUser interface{ SetUserToken(token string) }

// TitleOf returns the title of the operation for the targets.
func (o Operation) TitleOf(language string, targets []Target) string {
	var names []string
	for _, t := range targets {
		names = append(names, t.Name)
	}
	if len(names) > 3 {
		names = append(names[:3:3], "…")
	}
	return strings.ReplaceAll(o.Title.In(language), "{target}", strings.Join(names, ", "))
}

// WorkflowID returns the workflow ID of operations on the target. Temporal refuses a second running workflow with the
// same ID.
func (t Target) WorkflowID() string { return t.Kind + ":" + t.ID }
