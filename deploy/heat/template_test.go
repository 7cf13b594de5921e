// Package heat_test checks that the template, its presets and the user data match.
// test/acceptance/openstack/check-stack.sh shows that Heat and cloud-init accept them.
package heat_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

var (
	roles       = []string{"master", "node", "etcd"}
	placeholder = regexp.MustCompile(`@[A-Z0-9_]+@`)
)

// template is the part of a HOT template that the tests check.
type template struct {
	Parameters map[string]struct {
		Default any
		Hidden  bool
	}
	Resources map[string]struct {
		Type       string
		Properties map[string]any
	}
	Outputs map[string]any
}

func read[T any](t *testing.T, file string) (out T) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(text, new(any)), "a key is given twice in %s", file)
	require.NoError(t, yaml.Unmarshal(text, &out))
	return out
}

// member returns the properties of each server in a role's group.
func member(t *testing.T, stack template, role string) map[string]any {
	t.Helper()
	group := stack.Resources[role+"_members"]
	require.Equal(t, "OS::Heat::ResourceGroup", group.Type)
	definition := group.Properties["resource_def"].(map[string]any)
	require.Equal(t, "server.yaml", definition["type"])
	return definition["properties"].(map[string]any)
}

func TestServersGetEveryParameterAndNoOther(t *testing.T) {
	stack, server := read[template](t, "stack.yaml"), read[template](t, "server.yaml")
	for _, role := range roles {
		given := member(t, stack, role)
		for name := range server.Parameters {
			assert.Contains(t, given, name, role)
		}
		for name := range given {
			assert.Contains(t, server.Parameters, name, role)
		}
		assert.Equal(t, role, given["role"])
	}
}

func TestUserDataGetsEveryPlaceholderAndNoOther(t *testing.T) {
	stack := read[template](t, "stack.yaml")
	for _, role := range roles {
		replace := member(t, stack, role)["user_data"].(map[string]any)["str_replace"].(map[string]any)
		file := replace["template"].(map[string]any)["get_file"].(string)
		assert.Equal(t, "../cloud-init/"+role+".yaml", file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		used := map[string]bool{}
		for _, p := range placeholder.FindAllString(string(text), -1) {
			used[p] = true
			assert.Contains(t, replace["params"], p, file)
		}
		for p := range replace["params"].(map[string]any) {
			assert.True(t, used[p], "%s does not use %s", file, p)
		}
	}
}

func TestPresetsSetParametersOfTheTemplate(t *testing.T) {
	stack := read[template](t, "stack.yaml")
	presets, err := filepath.Glob("*.env.yaml")
	require.NoError(t, err)
	require.Len(t, presets, 2)
	for _, preset := range presets {
		env := read[struct{ Parameters map[string]any }](t, preset)
		for name := range env.Parameters {
			assert.Contains(t, stack.Parameters, name, preset)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	stack := read[template](t, "stack.yaml")
	for _, name := range []string{"host_key", "k3s_token", "cloud_conf", "etcd_key", "etcd_client_key"} {
		assert.True(t, stack.Parameters[name].Hidden, name)
	}
	assert.True(t, read[template](t, "server.yaml").Parameters["user_data"].Hidden)
}

func TestOnlySSHAndTheVPNFaceTheWorld(t *testing.T) {
	stack := read[template](t, "stack.yaml")
	var open []string
	for name, r := range stack.Resources {
		if r.Type != "OS::Neutron::SecurityGroup" {
			continue
		}
		for _, rule := range r.Properties["rules"].([]any) {
			rule := rule.(map[string]any)
			if rule["remote_ip_prefix"] == "10.0.0.0/16" {
				continue
			}
			assert.Equal(t, rule["port_range_min"], rule["port_range_max"], name)
			open = append(open, fmt.Sprintf("%v/%v", rule["port_range_min"], rule["protocol"]))
		}
	}
	assert.ElementsMatch(t, []string{"22/tcp", "51820/udp"}, open)
}

func TestScriptsInTheUserDataParse(t *testing.T) {
	for _, role := range roles {
		file := "../cloud-init/" + role + ".yaml"
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(text), "#cloud-config\n"), file)
		assert.Less(t, len(text), 32<<10, "Nova takes 64 KiB of base64, with the secrets")
		config := read[struct {
			WriteFiles []struct{ Path, Content string } `json:"write_files"`
		}](t, file)
		for _, f := range config.WriteFiles {
			if !strings.HasPrefix(f.Content, "#!/bin/bash\n") {
				continue
			}
			bash := exec.Command("bash", "-n")
			bash.Stdin = strings.NewReader(f.Content)
			out, err := bash.CombinedOutput()
			assert.NoError(t, err, "%s %s: %s", file, f.Path, out)
		}
	}
}
