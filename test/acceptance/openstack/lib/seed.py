"""Idempotent seeding over REST: seed.py identity | wait | cloud"""
import os
import sys
import time

import requests

PW = os.environ['PASSWORD']
K = 'http://127.0.0.1:5000/v3'
S = requests.Session()


def call(method, url, ok=(200, 201, 202, 203, 204), **kw):
    r = S.request(method, url, timeout=20, **kw)
    if r.status_code not in ok:
        sys.exit('%s %s: %s %s' % (method, url, r.status_code, r.text[:500]))
    return r.json() if r.content and 'json' in r.headers.get('Content-Type', '') else r


def login(user='admin', project='admin'):
    S.headers.pop('X-Auth-Token', None)
    r = S.post(K + '/auth/tokens', json={'auth': {
        'identity': {'methods': ['password'], 'password': {'user': {
            'name': user, 'domain': {'id': 'default'}, 'password': PW}}},
        'scope': {'project': {'name': project, 'domain': {'id': 'default'}}}}})
    r.raise_for_status()
    S.headers['X-Auth-Token'] = r.headers['X-Subject-Token']
    return r.json()['token']


def ensure(kind, plural, name, **attrs):
    q = {'name': name}
    q.update({k: v for k, v in attrs.items() if k == 'domain_id'})
    have = call('GET', '%s/%s' % (K, plural), params=q)[plural]
    if have:
        return have[0]['id']
    return call('POST', '%s/%s' % (K, plural),
                json={kind: dict(attrs, name=name)})[kind]['id']


def identity():
    login()
    role = {r: ensure('role', 'roles', r) for r in
            ('admin', 'member', 'reader', 'service', 'heat_stack_user',
             'heat_stack_owner')}
    svc = ensure('project', 'projects', 'service', domain_id='default')

    def user(name, project, roles, domain='default'):
        u = ensure('user', 'users', name, domain_id=domain, password=PW)
        for r in roles:
            call('PUT', '%s/projects/%s/users/%s/roles/%s' % (K, project, u, role[r]))
        return u

    for s in ('glance', 'cinder', 'neutron', 'nova', 'placement', 'heat', 'swift'):
        user(s, svc, ('admin', 'service'))
    demo = ensure('project', 'projects', 'demo', domain_id='default')
    user('admin', demo, ('admin',))
    user('demo', demo, ('member',))
    user('viewer', demo, ('reader',))
    heat = ensure('domain', 'domains', 'heat')
    u = ensure('user', 'users', 'heat_domain_admin', domain_id=heat, password=PW)
    call('PUT', '%s/domains/%s/users/%s/roles/%s' % (K, heat, u, role['admin']))
    have = {s['type'] for s in call('GET', K + '/services')['services']}
    for name, typ, url in (
            ('glance', 'image', 'http://127.0.0.1:9292'),
            ('cinderv3', 'volumev3', 'http://127.0.0.1:8776/v3/$(project_id)s'),
            ('cinder', 'block-storage', 'http://127.0.0.1:8776/v3/$(project_id)s'),
            ('neutron', 'network', 'http://127.0.0.1:9696'),
            ('nova', 'compute', 'http://127.0.0.1:8774/v2.1'),
            ('placement', 'placement', 'http://127.0.0.1:8778'),
            ('heat', 'orchestration', 'http://127.0.0.1:8004/v1/$(project_id)s'),
            ('swift', 'object-store', 'http://127.0.0.1:8889/v1/AUTH_$(project_id)s')):
        if typ in have:
            continue
        sid = call('POST', K + '/services', json={'service': {'name': name, 'type': typ}})['service']['id']
        for i in ('public', 'internal', 'admin'):
            call('POST', K + '/endpoints', json={'endpoint': {
                'interface': i, 'region_id': 'RegionOne', 'service_id': sid, 'url': url}})


def wait():
    t = login()
    pid = t['project']['id']
    end = time.time() + 300
    todo = {'compute', 'volume', 'heat'}
    t0 = time.time()

    def note(w):
        print('   +%.1fs %s up' % (time.time() - t0, w), flush=True)

    while todo and time.time() < end:
        try:
            if 'compute' in todo:
                sv = call('GET', 'http://127.0.0.1:8774/v2.1/os-services')['services']
                hy = call('GET', 'http://127.0.0.1:8774/v2.1/os-hypervisors')['hypervisors']
                up = {s['binary'] for s in sv if s['state'] == 'up'}
                if hy and up >= {'nova-compute', 'nova-conductor', 'nova-scheduler'}:
                    todo.discard('compute'); note('compute')
            if 'volume' in todo:
                sv = call('GET', 'http://127.0.0.1:8776/v3/%s/os-services' % pid)['services']
                if {s['binary'] for s in sv if s['state'] == 'up'} >= {'cinder-volume', 'cinder-scheduler'}:
                    todo.discard('volume'); note('volume')
            if 'heat' in todo:
                # an RPC sent before the engine has declared its queue is lost and hangs for
                # rpc_response_timeout, hence the short timeout
                r = S.get('http://127.0.0.1:8004/v1/%s/stacks' % pid, timeout=4)
                if r.status_code == 200:
                    todo.discard('heat'); note('heat')
        except (SystemExit, requests.RequestException) as e:
            print('waiting:', e, file=sys.stderr)
        time.sleep(0.5)
    if todo:
        sys.exit('not up: %s' % todo)


FLAVORS = (('m1.nano', 1, 64, 1), ('m1.tiny', 1, 512, 1),
           ('m1.small', 1, 2048, 20), ('m1.medium', 2, 4096, 40))
IMAGES = (('debian-12', 'debian', '12'), ('ubuntu-24.04', 'ubuntu', '24.04'))
NOVA_QUOTA = {'instances': 40, 'cores': 80, 'ram': 160 << 10,
              'server_groups': 20, 'server_group_members': 20,
              'key_pairs': 50}
CINDER_QUOTA = {'volumes': 40, 'gigabytes': 1000, 'snapshots': 40,
                'backups': 20}
NEUTRON_QUOTA = {'network': 20, 'subnet': 20, 'router': 10, 'port': 200,
                 'floatingip': 20, 'security_group': 30,
                 'security_group_rule': 300}
NOVA = 'http://127.0.0.1:8774/v2.1'
GLANCE = 'http://127.0.0.1:9292/v2/images'
NEUTRON = 'http://127.0.0.1:9696/v2.0'


def flavors():
    have = {f['name'] for f in call('GET', NOVA + '/flavors')['flavors']}
    for n, cpu, ram, disk in FLAVORS:
        if n not in have:
            call('POST', NOVA + '/flavors', json={'flavor': {
                'name': n, 'vcpus': cpu, 'ram': ram, 'disk': disk}})


def images():
    for name, distro, version in IMAGES:
        if call('GET', GLANCE, params={'name': name})['images']:
            continue
        i = call('POST', GLANCE, json={
            'name': name, 'disk_format': 'raw', 'container_format': 'bare',
            'visibility': 'public', 'os_distro': distro,
            'os_version': version})
        call('PUT', '%s/%s/file' % (GLANCE, i['id']),
             data=b'fakecloud image of %s\n' % name.encode() * 50,
             headers={'Content-Type': 'application/octet-stream'})


def public_network():
    if call('GET', NEUTRON + '/networks',
            params={'name': 'public'})['networks']:
        return
    n = call('POST', NEUTRON + '/networks', json={'network': {
        'name': 'public', 'router:external': True, 'shared': False,
        'provider:network_type': 'flat',
        'provider:physical_network': 'public'}})['network']['id']
    call('POST', NEUTRON + '/subnets', json={'subnet': {
        'network_id': n, 'name': 'public-subnet', 'ip_version': 4,
        'cidr': '203.0.113.0/24', 'enable_dhcp': False,
        'allocation_pools': [{'start': '203.0.113.10',
                              'end': '203.0.113.250'}]}})


def quotas():
    admin = login()['project']['id']
    demo = call('GET', K + '/projects',
                params={'name': 'demo'})['projects'][0]['id']
    call('PUT', '%s/os-quota-sets/%s' % (NOVA, demo),
         json={'quota_set': NOVA_QUOTA})
    call('PUT', 'http://127.0.0.1:8776/v3/%s/os-quota-sets/%s' % (admin, demo),
         json={'quota_set': CINDER_QUOTA})
    call('PUT', '%s/quotas/%s' % (NEUTRON, demo),
         json={'quota': NEUTRON_QUOTA})


def cloud():
    login()
    flavors()
    images()
    public_network()
    quotas()


{'identity': identity, 'wait': wait, 'cloud': cloud}[sys.argv[1]]()
