package stack

import (
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
)

// The least resources of a server by role. k3s requires 2 cores and 2 GB on a server of the control plane; Zabbix with
// its database needs about 2 GB on a node. https://docs.k3s.io/installation/requirements
var least = map[string]flavors.Flavor{
	RoleMaster: {VCPUs: 2, RAM: 2048},
	RoleNode:   {VCPUs: 2, RAM: 2048},
	RoleEtcd:   {VCPUs: 1, RAM: 512},
}

// complete fills in missing parameters: counts from the preset (small by default), the only external network, the newest
// supported image, the smallest sufficient flavors.
func complete(p Parameters, in choices) Parameters {
	shape := Presets()[0]
	for _, preset := range Presets() {
		if preset.Name == p.Preset {
			shape = preset
		}
	}
	setCount(&p.Masters, shape.Masters)
	setCount(&p.Nodes, shape.Nodes)
	setCount(&p.Etcd, shape.Etcd)
	if p.ExternalNetwork == "" && len(in.networks) > 0 {
		p.ExternalNetwork = in.networks[0].Name
	}
	if p.Image == "" {
		p.Image = in.chooseImage()
	}
	sizes := in.bySize()
	for role, flavor := range map[string]*string{RoleMaster: &p.MasterFlavor, RoleNode: &p.NodeFlavor, RoleEtcd: &p.EtcdFlavor} {
		if *flavor == "" {
			*flavor = smallest(sizes, least[role])
		}
	}
	return p
}

func setCount(count **int, n int) {
	if *count == nil {
		*count = &n
	}
}

// families are the distributions that the user data supports, in order of preference.
var families = []string{"debian 12", "debian-12", "debian 13", "debian-13", "ubuntu 24.04", "ubuntu-24.04", "debian", "ubuntu"}

func (in choices) chooseImage() string {
	images := in.usableImages()
	for _, family := range families {
		for _, i := range images {
			if strings.Contains(strings.ToLower(i.Name), family) {
				return i.Name
			}
		}
	}
	if len(images) > 0 {
		return images[0].Name
	}
	return ""
}

// smallest returns the first sufficient flavor, or the largest one.
func smallest(sizes []flavors.Flavor, need flavors.Flavor) string {
	for _, f := range sizes {
		if f.VCPUs >= need.VCPUs && f.RAM >= need.RAM {
			return f.Name
		}
	}
	if len(sizes) > 0 {
		return sizes[len(sizes)-1].Name
	}
	return ""
}
