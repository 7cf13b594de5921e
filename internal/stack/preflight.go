package stack

import (
	"context"

	volumelimits "github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/limits"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	computelimits "github.com/gophercloud/gophercloud/v2/openstack/compute/v2/limits"
	networkquotas "github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/quotas"
	"github.com/gophercloud/gophercloud/v2/openstack/orchestration/v1/buildinfo"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
)

// Resources of the template in addition to its servers. Neutron adds two egress rules to every security group; a subnet
// needs a port for DHCP and one for the router.
const (
	groupsNeeded = 2
	rulesNeeded  = 3 + 2*groupsNeeded
	extraPorts   = 2
)

type limits struct {
	compute computelimits.Absolute
	volume  volumelimits.Absolute
	network *networkquotas.QuotaDetailSet
	heat    error
}

// Preflight reports whether a stack with these parameters fits the quotas. It changes nothing. restricted is true for a
// token of an application credential.
func Preflight(ctx context.Context, s *openstack.Session, p Parameters, restricted bool) (Report, error) {
	var (
		in choices
		l  limits
	)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { in, err = take(gctx, s); return err })
	g.Go(func() (err error) { l, err = takeLimits(gctx, s); return err })
	if err := g.Wait(); err != nil {
		return Report{}, err
	}
	p = complete(p, in)
	if err := p.Validate(); err != nil {
		return Report{}, err
	}
	r := Report{OK: true, Parameters: p}
	r.quotas(p, in, l)
	r.choices(p, in)
	r.services(l, restricted)
	return r, nil
}

func takeLimits(ctx context.Context, s *openstack.Session) (limits, error) {
	var l limits
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		c, err := s.Compute()
		if err != nil {
			return err
		}
		got, err := computelimits.Get(ctx, c, nil).Extract()
		if err != nil {
			return s.Fault("nova", err)
		}
		l.compute = got.Absolute
		return nil
	})
	g.Go(func() error {
		c, err := s.Volume()
		if err != nil {
			return err
		}
		got, err := volumelimits.Get(ctx, c).Extract()
		if err != nil {
			return s.Fault("cinder", err)
		}
		l.volume = got.Absolute
		return nil
	})
	g.Go(func() error {
		c, err := s.Network()
		if err != nil {
			return err
		}
		l.network, err = networkquotas.GetDetail(ctx, c, s.ProjectID()).Extract()
		return s.Fault("neutron", err)
	})
	g.Go(func() error {
		c, err := s.Orchestration()
		if err == nil {
			_, err = buildinfo.Get(ctx, c).Extract()
			if fault.KindOf(s.Fault("heat", err)) == fault.Forbidden {
				err = nil // Heat responded; its policy hides the build information from members
			}
		}
		l.heat = s.Fault("heat", err)
		return nil
	})
	return l, g.Wait()
}

func (r *Report) add(c Check) {
	r.Checks = append(r.Checks, c)
	r.OK = r.OK && c.OK
}

// count adds a line for a quota; limit -1 is unlimited.
func (r *Report) count(resource string, needed, used, limit int) {
	c := Check{Resource: resource, Needed: needed, Used: used, Limit: limit, OK: limit < 0 || used+needed <= limit}
	if !c.OK {
		c.Detail = i18n.Messagef("%d more needed: raise the quota or free some", used+needed-limit)
	}
	r.add(c)
}

func (r *Report) quotas(p Parameters, in choices, l limits) {
	var servers, cores, ram int
	for _, use := range p.uses() {
		f, _ := in.flavor(use.flavor)
		servers, cores, ram = servers+use.count, cores+use.count*f.VCPUs, ram+use.count*f.RAM
	}
	r.count("instances", servers, l.compute.TotalInstancesUsed, l.compute.MaxTotalInstances)
	r.count("cores", cores, l.compute.TotalCoresUsed, l.compute.MaxTotalCores)
	r.count("ram", ram, l.compute.TotalRAMUsed, l.compute.MaxTotalRAMSize)
	r.count("volumes", 0, l.volume.TotalVolumesUsed, l.volume.MaxTotalVolumes)
	r.count("gigabytes", 0, l.volume.TotalGigabytesUsed, l.volume.MaxTotalVolumeGigabytes)
	n := l.network
	r.network("floating_ips", 1, n.FloatingIP)
	r.network("networks", 1, n.Network)
	r.network("routers", 1, n.Router)
	r.network("ports", servers+extraPorts, n.Port)
	r.network("security_groups", groupsNeeded, n.SecurityGroup)
	r.network("security_group_rules", rulesNeeded, n.SecurityGroupRule)
}

// use is the demand of one role.
type use struct {
	role, flavor string
	count        int
}

func (p Parameters) uses() []use {
	return []use{{RoleMaster, p.MasterFlavor, *p.Masters}, {RoleNode, p.NodeFlavor, *p.Nodes}, {RoleEtcd, p.EtcdFlavor, *p.Etcd}}
}

func (r *Report) network(resource string, needed int, q networkquotas.QuotaDetail) {
	r.count(resource, needed, q.Used+q.Reserved, q.Limit)
}

func (r *Report) choices(p Parameters, in choices) {
	key := Check{Resource: "key_pair", Needed: 1, Limit: -1, OK: true, Detail: i18n.Verbatim(p.KeyPair)}
	switch {
	case p.KeyPair == "":
		key.Needed, key.Detail = 0, i18n.Messagef("none: only the manager's own key gets in")
	case !in.hasKeyPair(p.KeyPair):
		key.OK, key.Detail = false, i18n.Messagef("no key pair %q: choose another or create it", p.KeyPair)
	}
	r.add(key)
	image := Check{Resource: "image", Needed: 1, Limit: -1, OK: true, Detail: i18n.Verbatim(p.Image)}
	if _, ok := in.image(p.Image); !ok {
		image.OK, image.Detail = false, i18n.Messagef("no image %q: upload a Debian 12 or Ubuntu 24.04 cloud image", p.Image)
	}
	r.add(image)
	r.add(flavorCheck(p, in))
	if _, ok := in.network(p.ExternalNetwork); !ok {
		r.add(Check{Resource: "networks", Needed: 1, Limit: -1, Detail: i18n.Messagef("no external network %q", p.ExternalNetwork)})
	}
}

func flavorCheck(p Parameters, in choices) Check {
	c := Check{Resource: "flavor", Needed: 3, Limit: -1, OK: true,
		Detail: i18n.Messagef("masters %s, nodes %s, etcd %s", p.MasterFlavor, p.NodeFlavor, p.EtcdFlavor)}
	for _, use := range p.uses() {
		f, ok := in.flavor(use.flavor)
		if !ok {
			c.OK, c.Detail = false, i18n.Messagef("no flavor %q", use.flavor)
			return c
		}
		if use.count > 0 && tooSmall(f, least[use.role]) {
			c.Detail = i18n.Messagef("%s; %s is small for a %s: %d cores and %d MB are advised", c.Detail, f.Name, use.role, least[use.role].VCPUs, least[use.role].RAM)
		}
	}
	return c
}

func tooSmall(f, need flavors.Flavor) bool { return f.VCPUs < need.VCPUs || f.RAM < need.RAM }

func (r *Report) services(l limits, restricted bool) {
	heat := Check{Resource: "heat", Limit: -1, OK: l.heat == nil, Detail: i18n.Messagef("available")}
	if l.heat != nil {
		heat.Detail = fault.MessageOf(l.heat)
		if fault.KindOf(l.heat).Retryable() {
			r.serviceError = l.heat
		}
	}
	r.add(heat)
	trust := Check{Resource: "trust", Limit: -1, OK: !restricted, Detail: i18n.Messagef("your own token can make the trust that Heat needs")}
	if restricted {
		trust.Detail = i18n.Messagef("Keystone lets an application credential make no trust, which Heat needs: sign in with user name and password to deploy")
	}
	r.add(trust)
}
