package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// terminal is the standard openstack command line of a user.
type terminal struct {
	t   *testing.T
	env []string
}

// newTerminal returns a terminal. Every call authenticates by itself, from its environment.
func newTerminal(t *testing.T, a *actor) *terminal {
	t.Helper()
	return &terminal{t: t, env: append(os.Environ(), "OS_AUTH_URL="+a.cloud.authURL, "OS_USERNAME="+a.user, "OS_PASSWORD="+a.password,
		"OS_PROJECT_ID="+a.projectID, "OS_USER_DOMAIN_ID=default", "OS_IDENTITY_API_VERSION=3", "OS_CLOUD=", "OS_CLIENT_CONFIG_FILE=/dev/null",
		"PYTHONWARNINGS=ignore")}
}

// run runs a command and requires success. words is split at blanks; arguments with blanks are passed in more.
func (c *terminal) run(words string, more ...string) []byte {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), "openstack", append(strings.Fields(words), more...)...)
	cmd.Env = c.env
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	require.NoError(c.t, err, "openstack %s %s: %s%s", words, strings.Join(more, " "), errors.String(), out)
	return out
}

// show runs a command and decodes the document that it prints.
func (c *terminal) show(words string, more ...string) (out obj) {
	c.t.Helper()
	raw := c.run(words+" -f json", more...)
	require.NoError(c.t, json.Unmarshal(raw, &out), "openstack %s: %s", words, raw)
	return out
}

// list runs a command and returns one column of the table that it prints.
func (c *terminal) list(column, words string, more ...string) (out []string) {
	c.t.Helper()
	var rows []obj
	raw := c.run(words+" -f json", more...)
	require.NoError(c.t, json.Unmarshal(raw, &rows), "openstack %s: %s", words, raw)
	for _, r := range rows {
		out = append(out, fmt.Sprint(r[column]))
	}
	return out
}

// until repeats a command until a field has a value.
func (c *terminal) until(field, value, words string) {
	c.t.Helper()
	until(c.t, words+" to be "+value, func() bool { return str(c.show(words), field) == value })
}

// TestCommandLine drives the openstack command line. MCM_CONFORMANCE_CLI enables it, because each call takes
// more than a second of processor time.
func TestCommandLine(t *testing.T) {
	if os.Getenv("MCM_CONFORMANCE_CLI") == "" {
		t.Skip("set MCM_CONFORMANCE_CLI=1 to drive the openstack command line")
	}
	a := openCloud(t).member
	for name, drive := range map[string]func(*terminal, *actor){"identity and network": driveNetwork, "compute": driveCompute,
		"volumes": driveVolumes, "objects": driveObjects, "stacks": driveStacks} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drive(newTerminal(t, a), a)
		})
	}
}

func driveNetwork(c *terminal, a *actor) {
	assert.Equal(c.t, a.projectID, c.show("token issue")["project_id"])
	assert.Contains(c.t, c.list("Type", "catalog list"), "orchestration")
	n := shared.mark + "-cli"
	network := c.show("network create " + n)
	assert.Equal(c.t, "ACTIVE", network["status"])
	subnet := c.show("subnet create --network " + n + " --subnet-range 10.98.0.0/24 " + n)
	assert.Equal(c.t, "10.98.0.1", subnet["gateway_ip"])
	port := c.show("port create --network " + n + " " + n)
	c.show("router create " + n)
	c.run("router set --external-gateway " + a.external(c.t) + " " + n)
	c.run("router add subnet " + n + " " + n)
	fip := c.show("floating ip create " + a.external(c.t))
	c.run("floating ip set --port " + str(port, "id") + " " + str(fip, "floating_ip_address"))
	assert.Equal(c.t, port["id"], c.show("floating ip show " + str(fip, "floating_ip_address"))["port_id"])
	assert.Contains(c.t, c.list("Name", "network list"), n)
	assert.Contains(c.t, c.list("Name", "subnet list"), n)
	assert.Contains(c.t, c.list("Name", "port list"), n)
	assert.Contains(c.t, c.list("Name", "router list"), n)
	assert.Contains(c.t, c.list("ID", "floating ip list"), str(fip, "id"))
	c.run("floating ip delete " + str(fip, "floating_ip_address"))
	c.show("security group create " + n)
	c.show("security group rule create --protocol tcp --dst-port 22 " + n)
	assert.Contains(c.t, c.list("Port Range", "security group rule list "+n), "22:22")
	c.run("port set --security-group " + n + " " + n)
	c.run("port delete " + n)
	c.run("security group delete " + n)
	c.run("router remove subnet " + n + " " + n)
	c.run("router delete " + n)
	c.run("network delete " + n)
}

// smallest returns the flavor with the least memory that fits an image.
func smallest(c *terminal) (flavor, image string) {
	images := c.list("Name", "image list --public --sort size:asc")
	require.NotEmpty(c.t, images)
	flavors := c.list("Name", "flavor list")
	require.NotEmpty(c.t, flavors)
	assert.Equal(c.t, images[0], c.show("image show", images[0])["name"])
	c.show("flavor show " + flavors[len(flavors)-1])
	return flavors[len(flavors)-1], images[0]
}

func driveCompute(c *terminal, a *actor) {
	n := shared.mark + "-vm"
	network, _ := a.net(c.t, "10.99.0.0/24")
	flavor, image := smallest(c)
	key := filepath.Join(c.t.TempDir(), "key.pub")
	require.NoError(c.t, os.WriteFile(key, []byte(publicKey+"\n"), 0o600))
	c.show("keypair create --public-key " + key + " " + n)
	assert.Contains(c.t, c.list("Name", "keypair list"), n)
	made := c.show("server create --wait --flavor "+flavor+" --network "+network+" --key-name "+n+" --property a=b "+n, "--image", image)
	assert.Equal(c.t, "ACTIVE", made["status"])
	c.run("server stop " + n)
	c.until("status", "SHUTOFF", "server show "+n)
	c.run("server start " + n)
	c.until("status", "ACTIVE", "server show "+n)
	c.run("server rebuild --wait "+n, "--image", image)
	c.show("server image create --wait --name " + n + " " + n)
	assert.Equal(c.t, "active", c.show("image show " + n)["status"])
	volume := a.volumeOf(c.t, obj{"name": n})
	c.run("server add volume " + n + " " + volume)
	c.until("status", "in-use", "volume show "+volume)
	c.run("server remove volume " + n + " " + volume)
	c.until("status", "available", "volume show "+volume)
	c.run("server set --property colour=red " + n)
	assert.Equal(c.t, obj{"a": "b", "colour": "red"}, c.show("server show " + n)["properties"])
	assert.Contains(c.t, c.list("Name", "server list"), n)
	assert.Contains(c.t, c.list("Name", "limits show --absolute"), "maxTotalInstances")
	c.run("quota show -f json")
	c.run("server delete --wait " + n)
	c.run("image delete " + n)
	c.run("keypair delete " + n)
}

func driveVolumes(c *terminal, a *actor) {
	n := shared.mark + "-disk"
	assert.Equal(c.t, "creating", c.show("volume create --size 1 " + n)["status"])
	c.until("status", "available", "volume show "+n)
	c.run("volume set --property a=b " + n)
	c.show("volume snapshot create --volume " + n + " " + n)
	c.until("status", "available", "volume snapshot show "+n)
	assert.Contains(c.t, c.list("Name", "volume snapshot list"), n)
	assert.Contains(c.t, c.list("Name", "volume list"), n)
	c.run("volume snapshot delete " + n)
	until(c.t, "the snapshot to go", func() bool {
		return len(a.want(c.t, 200, "GET", "cinder", "/snapshots?name="+n, nil).list("snapshots")) == 0
	})
	c.run("volume delete " + n)
	until(c.t, "the volume to go", func() bool {
		return len(a.want(c.t, 200, "GET", "cinder", "/volumes?name="+n, nil).list("volumes")) == 0
	})
}

func driveObjects(c *terminal, _ *actor) {
	n, dir := shared.mark+"-box", c.t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(c.t, os.WriteFile(file, []byte("what is kept\n"), 0o600))
	c.run("container create " + n)
	c.run("object create --name a/b " + n + " " + file)
	assert.Equal(c.t, []string{"a/b"}, c.list("Name", "object list "+n))
	assert.Equal(c.t, "1", fmt.Sprint(c.show("container show " + n)["object_count"]))
	c.run("object save --file " + file + ".back " + n + " a/b")
	back, err := os.ReadFile(file + ".back")
	require.NoError(c.t, err)
	assert.Equal(c.t, "what is kept\n", string(back))
	assert.Contains(c.t, c.list("Name", "container list"), n)
	c.run("object delete " + n + " a/b")
	c.run("container delete " + n)
}

func driveStacks(c *terminal, _ *actor) {
	n := shared.mark + "-pile"
	file := filepath.Join(c.t.TempDir(), "stack.yaml")
	require.NoError(c.t, os.WriteFile(file, []byte(networkTemplate), 0o600))
	c.run("stack create --wait --tags cli --parameter cidr=10.101.0.0/24 -t " + file + " " + n) // prints the events as they occur
	assert.Equal(c.t, "CREATE_COMPLETE", c.show("stack show " + n)["stack_status"])
	assert.ElementsMatch(c.t, []string{"network", "subnet"}, c.list("resource_name", "stack resource list "+n))
	assert.Contains(c.t, c.list("resource_status", "stack event list "+n), "CREATE_COMPLETE")
	assert.Contains(c.t, c.list("Stack Name", "stack list"), n)
	c.run("stack delete --yes --wait " + n)
}
