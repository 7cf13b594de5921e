// Package seed creates the initial state of the simulated cloud: users, images, flavors, networks and six
// running servers.
package seed

import (
	"fmt"
	"os"
	"path/filepath"

	"crypto/ed25519"
	"encoding/pem"

	"golang.org/x/crypto/ssh"

	"mycloudmanager/sandbox/cinder"
	"mycloudmanager/sandbox/glance"
	"mycloudmanager/sandbox/keystone"
	"mycloudmanager/sandbox/neutron"
	"mycloudmanager/sandbox/nova"
	"mycloudmanager/sandbox/sim"
)

// ID returns an identifier that is the same in every sandbox.
func ID(noun, name string) string { return keystone.Digest(noun, name)[:32] }

func uuid(noun, name string) string {
	h := ID(noun, name)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// Plant fills an empty cloud.
func Plant(c *sim.Cloud, service *keystone.Service, networks *neutron.Service) error {
	identity(c, service)
	images(c)
	sizes(c)
	demo := sim.Actor{UserID: ID("user", "demo"), UserName: "demo", ProjectID: ID("project", "demo"),
		Roles: []string{"member", "reader"}}
	if err := network(c, demo); err != nil {
		return err
	}
	networks.DefaultGroup(demo)
	if err := keyPair(c, demo); err != nil {
		return err
	}
	return servers(c, demo)
}

func identity(c *sim.Cloud, identity *keystone.Service) {
	c.Put(keystone.Domains, sim.Document{"id": "default", "name": "Default", "enabled": true,
		"description": "The default domain", "options": sim.Document{}})
	for _, name := range []string{"admin", "manager", "member", "reader", "service", "heat_stack_user"} {
		c.Put(keystone.Roles, sim.Document{"id": ID("role", name), "name": name, "domain_id": nil, "options": sim.Document{}})
	}
	for _, name := range []string{"demo", "other"} {
		c.Put(keystone.Projects, sim.Document{"id": ID("project", name), "name": name, "domain_id": "default", "enabled": true,
			"description": "", "is_domain": false, "parent_id": "default", "tags": []any{}, "options": sim.Document{}})
	}
	for _, u := range []struct{ name, role, project string }{
		{"admin", "admin", "demo"}, {"demo", "member", "demo"}, {"viewer", "reader", "demo"}, {"other", "member", "other"},
	} {
		id := ID("user", u.name)
		c.Put(keystone.Users, sim.Document{"id": id, "name": u.name, "domain_id": "default", "enabled": true,
			"default_project_id": ID("project", u.project), "password_expires_at": nil, "options": sim.Document{},
			"_digest": keystone.Digest(id, u.name)})
		identity.Grant(id, ID("project", u.project), ID("role", u.role))
	}
}

func images(c *sim.Cloud) {
	now := sim.Stamp(c.Now(), sim.Zulu)
	for _, i := range []struct {
		name, distro, version string
		mib                   int
	}{
		{"Rocky Linux 9", "rocky", "9", 619}, {"Rocky Linux 8", "rocky", "8", 1990}, {"Ubuntu 22.04", "ubuntu", "22.04", 660},
		{"Ubuntu 24.04", "ubuntu", "24.04", 596}, {"Debian 11", "debian", "11", 338},
		{"Debian 12", "debian", "12", 416}, {"Debian 13", "debian", "13", 410},
	} {
		sum := keystone.Digest("image", i.name)
		c.Put(glance.Images, sim.Document{"id": uuid("image", i.name), "name": i.name, "status": "active", "visibility": "public",
			"protected": true, "owner": ID("project", "admin"), "min_disk": 8, "min_ram": 512, "size": i.mib << 20,
			"virtual_size": 10 << 30, "checksum": sum[:32], "os_hash_algo": "sha512", "os_hash_value": sum + sum,
			"os_hidden": false, "tags": []any{}, "container_format": "bare", "disk_format": "qcow2",
			"created_at": now, "updated_at": now, "os_distro": i.distro, "os_version": i.version,
			"architecture": "x86_64", "os_type": "linux", "hw_qemu_guest_agent": "yes"})
	}
}

func sizes(c *sim.Cloud) {
	for i, f := range []struct {
		name             string
		vcpus, ram, disk int
	}{
		{"m1.tiny", 1, 1024, 10}, {"m1.small", 1, 2048, 20}, {"m1.medium", 2, 4096, 40},
		{"m1.large", 4, 8192, 80}, {"m1.xlarge", 8, 16384, 160},
	} {
		c.Put(nova.Flavors, nova.Flavor(sim.Document{"id": fmt.Sprint(i + 1), "name": f.name, "vcpus": f.vcpus,
			"ram": f.ram, "disk": f.disk}))
	}
	for _, name := range []string{cinder.DefaultType, "fast"} {
		c.Put(cinder.Types, sim.Document{"id": uuid("type", name), "name": name, "description": nil, "is_public": true,
			"extra_specs": sim.Document{}, "qos_specs_id": nil, "os-volume-type-access:is_public": true})
	}
}

// network creates the provider networks and the project's own network.
func network(c *sim.Cloud, demo sim.Actor) error {
	admin := sim.Actor{UserID: ID("user", "admin"), ProjectID: ID("project", "admin"), Roles: []string{"admin"}}
	public, err := c.Call(admin, "neutron", "POST", "/v2.0/networks", sim.Document{"network": sim.Document{"name": "public", "router:external": true}})
	if err != nil {
		return err
	}
	_, err = c.Call(admin, "neutron", "POST", "/v2.0/subnets", sim.Document{"subnet": sim.Document{"name": "public-subnet",
		"network_id": sim.Map(public, "network")["id"], "cidr": "203.0.113.0/24", "enable_dhcp": false, "ip_version": 4}})
	if err != nil {
		return err
	}
	own, err := c.Call(demo, "neutron", "POST", "/v2.0/networks", sim.Document{"network": sim.Document{"name": "demo-net"}})
	if err != nil {
		return err
	}
	subnet, err := c.Call(demo, "neutron", "POST", "/v2.0/subnets", sim.Document{"subnet": sim.Document{"name": "demo-subnet", "ip_version": 4,
		"network_id": sim.Map(own, "network")["id"], "cidr": "192.168.10.0/24", "dns_nameservers": []any{"192.0.2.53"}}})
	if err != nil {
		return err
	}
	router, err := c.Call(demo, "neutron", "POST", "/v2.0/routers", sim.Document{"router": sim.Document{"name": "demo-router",
		"external_gateway_info": sim.Document{"network_id": sim.Map(public, "network")["id"]}}})
	if err != nil {
		return err
	}
	_, err = c.Call(demo, "neutron", "PUT", "/v2.0/routers/"+sim.Str(sim.Map(router, "router"), "id")+"/add_router_interface",
		sim.Document{"subnet_id": sim.Map(subnet, "subnet")["id"]})
	return err
}

// keyPair creates a key pair for the demo user and writes the private key to the data directory.
func keyPair(c *sim.Cloud, demo sim.Actor) error {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(priv, "demo")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), "demo-key.pem"), pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	for _, user := range []string{"demo", "admin"} { // key pairs belong to users, not to projects
		actor := demo
		actor.UserID = ID("user", user)
		_, err = c.Call(actor, "nova", "POST", "/v2.1/os-keypairs", sim.Document{"keypair": sim.Document{"name": "demo-key",
			"public_key": string(ssh.MarshalAuthorizedKey(key))}})
		if err != nil {
			return err
		}
	}
	return nil
}

// servers creates the six preexisting servers.
func servers(c *sim.Cloud, demo sim.Actor) error {
	net := c.With(neutron.Networks, "name", "demo-net")[0]
	for _, v := range []struct{ name, image, flavor string }{
		{"web-1", "Debian 12", "2"}, {"web-2", "Debian 13", "2"}, {"db-1", "Ubuntu 24.04", "3"},
		{"mail-1", "Ubuntu 22.04", "2"}, {"build-1", "Rocky Linux 9", "3"}, {"legacy-1", "Debian 11", "1"},
	} {
		_, err := c.Call(demo, "nova", "POST", "/v2.1/servers", sim.Document{"server": sim.Document{"name": v.name,
			"imageRef": uuid("image", v.image), "flavorRef": v.flavor, "key_name": "demo-key",
			"networks": []any{sim.Document{"uuid": net["id"]}}}})
		if err != nil {
			return fmt.Errorf("server %s: %w", v.name, err)
		}
	}
	c.AdvanceAll()
	return nil
}
