package operation

import (
	"strings"

	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/platform/i18n"
)

// Operation is a kind of work: what the API, the worker, the tasks and the audit know about it.
type Operation struct {
	Name     string        // in the words of the REST contract: app.launch
	Workflow any           // the workflow function
	Role     identity.Role // who may start it
	Title    i18n.Text     // {target} stands for what it acts on
	Input    func() any    // a pointer to a new input, for a retry
}

// TokenUser is an input that carries the caller's own short-lived token: a retry brings a new one.
type TokenUser interface{ SetUserToken(token string) }

// TitleOf returns the operation's title about the targets.
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

// WorkflowID is the business id: Temporal refuses a second operation on the same thing by it.
func (t Target) WorkflowID() string { return t.Kind + ":" + t.ID }
