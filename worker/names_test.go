package worker_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/temporal/temporaltest"
	"mycloudmanager/workflows"
)

// workflowNames collects the names under which workflows are registered.
type workflowNames struct {
	worker.WorkflowRegistry
	names map[string]bool
}

func (r workflowNames) RegisterWorkflow(w any) { r.names[operation.ActivityName(w)] = true }

func (r workflowNames) RegisterWorkflowWithOptions(w any, _ workflow.RegisterOptions) {
	r.RegisterWorkflow(w)
}

// A visibility query or a schedule that names a workflow by text finds nothing when the workflow is renamed, without any error.
func TestWorkflowTypes_InQueriesAreRegistered(t *testing.T) {
	registered := workflowNames{names: map[string]bool{}}
	workflows.Register(registered)
	require.Contains(t, registered.names, enrollment.WorkflowType)
	require.Contains(t, registered.names, backup.WorkflowType)
	condition := regexp.MustCompile(`WorkflowType (?:=|IN) *\(?((?:'[A-Za-z]+'(?:, )?)+)`)
	name := regexp.MustCompile(`'([A-Za-z]+)'`)
	found := 0
	root := temporaltest.Root(t)
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{"node_modules", "temporal-server", ".git"}, e.Name()):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, c := range condition.FindAllStringSubmatch(string(raw), -1) {
			for _, m := range name.FindAllStringSubmatch(c[1], -1) {
				found++
				require.Contains(t, registered.names, m[1], "%s asks for a workflow that is not registered", path)
			}
		}
		return nil
	}))
	require.GreaterOrEqual(t, found, 3, "the pattern finds the queries")
}
