package operation

import (
	"strings"

	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/platform/i18n"
)

// Operation describes an operation that users or schedules start as a task.
type Operation struct {
	Name     string        // name in the REST contract, for example app.launch
	Workflow any           // the workflow function
	Role     identity.Role // minimum role that is required to start the operation
	Title    i18n.Text     // {target} is replaced by the names of the targets
	Input    func() any    // returns a pointer to a new input, which a retry decodes from the history
}

// TokenUser is implemented by inputs that contain the short-lived token of the caller. A retry replaces the token.
type TokenUser interface{ SetUserToken(token string) }

// TitleOf returns the title of the operation with the names of at most three targets.
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

// WorkflowID returns the workflow ID of operations on the target. Temporal rejects a second running workflow with the
// same ID, so only one operation at a time runs on a target.
func (t Target) WorkflowID() string { return t.Kind + ":" + t.ID }
