package stack

import (
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
)

func flavor(name string, cores, ram int) flavors.Flavor {
	return flavors.Flavor{ID: name, Name: name, VCPUs: cores, RAM: ram, Disk: 20}
}

func image(name string) images.Image {
	return images.Image{ID: name, Name: name, Status: images.ImageStatusActive}
}

func offer() choices {
	return choices{
		flavors:  []flavors.Flavor{flavor("large", 4, 8192), flavor("tiny", 1, 512), flavor("flat", 4, 1024), flavor("medium", 2, 4096)},
		images:   []images.Image{image("CentOS 9"), image("Ubuntu 24.04"), image("Debian 11"), image("debian-12-generic")},
		networks: []networks.Network{{ID: "n1", Name: "public"}, {ID: "n2", Name: "second"}},
	}
}

func TestComplete_Defaults(t *testing.T) {
	p := complete(Parameters{Name: "toolbox", Preset: "ha"}, offer())
	require.Equal(t, []int{2, 3, 3}, []int{*p.Masters, *p.Nodes, *p.Etcd})
	require.Equal(t, "medium", p.MasterFlavor, "the smallest that is large enough")
	require.Equal(t, "medium", p.NodeFlavor)
	require.Equal(t, "tiny", p.EtcdFlavor)
	require.Equal(t, "debian-12-generic", p.Image)
	require.Equal(t, "public", p.ExternalNetwork)
	require.Empty(t, p.KeyPair, "nobody's key is let in unasked")

	small := complete(Parameters{Name: "toolbox"}, offer())
	require.Equal(t, []int{1, 0, 0}, []int{*small.Masters, *small.Nodes, *small.Etcd})
}

func TestComplete_KeepsGivenValues(t *testing.T) {
	nodes, etcd := 7, 0
	said := Parameters{Name: "toolbox", Preset: "small", Nodes: &nodes, Etcd: &etcd, Image: "mine", ExternalNetwork: "second", MasterFlavor: "flat", KeyPair: "k"}
	p := complete(said, offer())
	require.Equal(t, 7, *p.Nodes)
	require.Equal(t, 0, *p.Etcd)
	require.Equal(t, []string{"mine", "second", "flat", "k"}, []string{p.Image, p.ExternalNetwork, p.MasterFlavor, p.KeyPair})
	require.Nil(t, said.Masters, "the caller's own is not changed")
}

func TestComplete_SmallCloud(t *testing.T) {
	p := complete(Parameters{Name: "toolbox"}, choices{flavors: []flavors.Flavor{flavor("tiny", 1, 256), flavor("less", 1, 512)}, images: []images.Image{image("CentOS 9")}})
	require.Equal(t, "less", p.MasterFlavor, "the largest there is")
	require.Equal(t, "CentOS 9", p.Image)
	require.Empty(t, p.ExternalNetwork)
	empty := complete(Parameters{Name: "toolbox"}, choices{})
	require.Empty(t, empty.Image+empty.MasterFlavor+empty.ExternalNetwork)
}

func TestValidate(t *testing.T) {
	one, two, three, none := 1, 2, 3, 0
	require.NoError(t, Parameters{Masters: &one, Etcd: &none}.Validate())
	require.NoError(t, Parameters{Masters: &two, Etcd: &three}.Validate())
	err := Parameters{Masters: &two, Etcd: &none}.Validate()
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "etcd")
}

func TestValues_MatchTheTemplate(t *testing.T) {
	values := complete(Parameters{Name: "toolbox", Preset: "ha"}, offer()).Values()
	require.Equal(t, map[string]any{"image": "debian-12-generic", "external_network": "public", "masters": 2, "nodes": 3, "etcd": 3,
		"master_flavor": "medium", "node_flavor": "medium", "etcd_flavor": "tiny"}, values, "what is empty is left to the template")
	p := complete(Parameters{Name: "toolbox", KeyPair: "k", VolumeType: "fast"}, offer())
	require.Equal(t, "k", p.Values()["key_pair"])
	require.Equal(t, "fast", p.Values()["volume_type"])

	nodes := 0
	require.Equal(t, map[string]any{"nodes": 0, "node_flavor": "large"}, Changes{Nodes: &nodes, NodeFlavor: "large"}.Values())
	require.Empty(t, Changes{}.Values())
}

func TestShown_HasNoSecrets(t *testing.T) {
	shown := visible(map[string]string{"image": "debian", "host_key": "PRIVATE", "join_token": "SECRET", "masters": "1"})
	require.Equal(t, map[string]string{"image": "debian", "masters": "1"}, shown)
}
