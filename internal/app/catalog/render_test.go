package catalog_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"

	"mycloudmanager/internal/app/catalog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// render returns the manifests of an app with its default values, rendered by Helm as in an installation.
func render(t *testing.T, a catalog.App, replicas int) string {
	t.Helper()
	var files []*archive.BufferedFile
	for _, f := range a.Files {
		files = append(files, &archive.BufferedFile{Name: f.Name, Data: f.Data})
	}
	chart, err := loader.LoadFiles(files)
	require.NoError(t, err)
	settings := a.Defaults()
	values, err := commonutil.ToRenderValues(chart, map[string]any{"environment": settings.Environment, "parameters": settings.Parameters, "replicas": replicas,
		"volume": map[string]any{"existingClaim": a.Name + "-data"}},
		common.ReleaseOptions{Name: a.Name, Namespace: catalog.Namespace, Revision: 1, IsInstall: true}, common.DefaultCapabilities)
	require.NoError(t, err, "the values do not match the schema of the chart")
	manifests, err := engine.Render(chart, values)
	require.NoError(t, err)
	out := ""
	for _, f := range chart.Templates {
		out += manifests[chart.Name()+"/"+f.Name]
	}
	return out
}

// The rendered charts are equal to the golden files; run with -update to rewrite them.
func TestCharts_Golden(t *testing.T) {
	for _, a := range loaded(t).Apps() {
		for name, replicas := range map[string]int{"running": 1, "stopped": 0} {
			got := render(t, a, replicas)
			file := filepath.Join("..", "..", "..", "deploy", "apps", a.Name, "testdata", name+".golden.yaml")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run with -update")
			require.Equal(t, string(want), got, "%s %s: run with -update and review the difference", a.Name, name)
			require.Equal(t, got, render(t, a, replicas), "%s: the manifests differ each time", a.Name)
		}
	}
}

// object has the fields of a manifest on which the product depends.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Type  string `json:"type"`
		Ports []struct {
			Port int `json:"port"`
		} `json:"ports"`
		Replicas *int `json:"replicas"`
		Template struct {
			Spec struct {
				Containers []struct {
					Image     string         `json:"image"`
					Resources map[string]any `json:"resources"`
					Readiness map[string]any `json:"readinessProbe"`
				} `json:"containers"`
				Volumes []struct {
					Claim *struct {
						Name string `json:"claimName"`
					} `json:"persistentVolumeClaim"`
				} `json:"volumes"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

// split splits a stream of YAML documents.
func split(manifests string) (out []string) {
	for d := range strings.SplitSeq("\n"+manifests, "\n---") {
		if strings.TrimSpace(d) != "" {
			out = append(out, d)
		}
	}
	return out
}

// A chart must have one StatefulSet with the name of the app and the given claim, containers with pinned images and
// resources, and one Service with the name of the app.
func TestCharts_Contract(t *testing.T) {
	for _, a := range loaded(t).Apps() {
		kinds := map[string]int{}
		for _, document := range split(render(t, a, 1)) {
			var o object
			require.NoError(t, yaml.Unmarshal([]byte(document), &o), document)
			kinds[o.Kind+" "+o.Metadata.Name]++
			if o.Kind != "StatefulSet" {
				continue
			}
			require.Equal(t, 1, *o.Spec.Replicas)
			claims := 0
			for _, v := range o.Spec.Template.Spec.Volumes {
				if v.Claim != nil {
					require.Equal(t, a.Name+"-data", v.Claim.Name)
					claims++
				}
			}
			require.Equal(t, 1, claims, a.Name)
			for _, c := range o.Spec.Template.Spec.Containers {
				require.Regexp(t, `:[0-9]|:[a-z]+-[0-9]|@sha256:`, c.Image, "the image is not pinned")
				require.NotContains(t, c.Image, ":latest")
				require.Contains(t, c.Resources, "requests", c.Image)
				require.Contains(t, c.Resources, "limits", c.Image)
			}
		}
		require.Equal(t, 1, kinds["StatefulSet "+a.Name], "%v", kinds)
		require.Equal(t, 1, kinds["Service "+a.Name], "%v", kinds)
	}
}

// Each port of an agent must be a port of a Service of type NodePort, because instances are outside of the cluster network.
func TestCharts_AgentPorts(t *testing.T) {
	for _, a := range loaded(t).Apps() {
		offered := map[int]bool{}
		for _, document := range split(render(t, a, 1)) {
			var o object
			require.NoError(t, yaml.Unmarshal([]byte(document), &o), document)
			for _, p := range o.Spec.Ports {
				offered[p.Port] = offered[p.Port] || (o.Kind == "Service" && o.Spec.Type == "NodePort")
			}
		}
		for name, port := range a.Agent.Ports {
			require.True(t, offered[port], "%s: no Service of type NodePort has the port %d of its agent (%s)", a.Name, port, name)
		}
	}
}

// The folder of an agent contains its playbooks and the shared roles.
func TestAgentFolder(t *testing.T) {
	agents := 0
	for _, a := range loaded(t).Apps() {
		if !a.Agent.Supported {
			require.Nil(t, a.AgentFiles)
			continue
		}
		agents++
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(filepath.Join(dir, a.Name), a.AgentFiles))
		for _, name := range []string{catalog.AgentInstall, catalog.AgentVerify, catalog.AgentRemove, "vars/Debian.yml", "vars/RedHat.yml", "roles/mcm_packages/tasks/main.yml", "roles/mcm_original/tasks/remove.yml"} {
			require.FileExists(t, filepath.Join(dir, a.Name, name))
		}
	}
	require.Positive(t, agents)
}
