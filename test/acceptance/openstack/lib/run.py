#!/usr/bin/python3
"""Starts one OpenStack service (or one *-manage tool) from the python3-*
packages alone: run.py NAME [args].  The directory
MCM_OPENSTACK_DIR/etc holds the configuration."""
import importlib
import os
import sys

ROOT = os.environ['MCM_OPENSTACK_DIR']
LIB = os.path.dirname(os.path.abspath(__file__))
ETC = os.path.join(ROOT, 'etc')
name, args = sys.argv[1], sys.argv[2:]

CONSOLE = {
    'glance-api': ('glance.cmd.api', 'glance/glance.conf'),
    'glance-manage': ('glance.cmd.manage', 'glance/glance.conf'),
    'keystone-manage': ('keystone.cmd.manage', 'keystone/keystone.conf'),
    'cinder-api': ('cinder.cmd.api', 'cinder/cinder.conf'),
    'cinder-scheduler': ('cinder.cmd.scheduler', 'cinder/cinder.conf'),
    'cinder-volume': ('cinder.cmd.volume', 'cinder/cinder.conf'),
    'cinder-manage': ('cinder.cmd.manage', 'cinder/cinder.conf'),
    'neutron-server': ('neutron.cmd.eventlet.server', 'neutron/neutron.conf'),
    'neutron-db-manage': ('neutron.db.migration.cli', 'neutron/neutron.conf'),
    'nova-api': ('nova.cmd.api_os_compute', 'nova/nova.conf'),
    'nova-conductor': ('nova.cmd.conductor', 'nova/nova.conf'),
    'nova-scheduler': ('nova.cmd.scheduler', 'nova/nova.conf'),
    'nova-compute': ('nova.cmd.compute', 'nova/nova-compute.conf'),
    'nova-manage': ('nova.cmd.manage', 'nova/nova.conf'),
    'heat-api': ('heat.cmd.api', 'heat/heat.conf'),
    'heat-engine': ('heat.cmd.engine', 'heat/heat.conf'),
    'heat-manage': ('heat.cmd.manage', 'heat/heat.conf'),
    'placement-manage': ('placement.cmd.manage', 'placement/placement.conf'),
}
WSGI = {
    # one thread: Keystone keeps a request's token in a place shared by all threads of a process
    # (AuthContextMiddleware) and confuses them
    'keystone': ('keystone.server.wsgi', 'initialize_public_application', 5000, 1),
    'placement': ('placement.wsgi', 'init_application', 8778, 8),
}

if name in CONSOLE:
    mod, conf = CONSOLE[name]
    sys.argv = [name, '--config-file', os.path.join(ETC, conf)] + args
    if name == 'neutron-db-manage' or name.endswith('-manage'):
        sys.argv[0] = name
    if name == 'nova-compute':
        # compute_driver is always looked up below the nova.virt package
        import nova.cmd  # noqa: monkey-patches first
        import nova.virt
        nova.virt.__path__.append(LIB)
    sys.exit(importlib.import_module(mod).main())
elif name in WSGI:
    mod, fn, port, threads = WSGI[name]
    sys.argv = [name]
    os.environ['OS_KEYSTONE_CONFIG_DIR'] = os.path.join(ETC, 'keystone')
    os.environ['OS_PLACEMENT_CONFIG_DIR'] = os.path.join(ETC, 'placement')
    import waitress
    app = getattr(importlib.import_module(mod), fn)()
    port = int(args[0]) if args else port
    waitress.serve(app, host='127.0.0.1', port=port, threads=threads, ident=None,
                   clear_untrusted_proxy_headers=True)
elif name.startswith('swift-'):
    # swift.conf is searched in /etc/swift unless the path is set before other imports
    import swift.common.utils as u
    u.SWIFT_CONF_FILE = os.path.join(ETC, 'swift', 'swift.conf')
    if name == 'swift-ring-builder':
        from swift.cli.ringbuilder import main
        sys.exit(main(['swift-ring-builder'] + args))
    from swift.common.wsgi import run_wsgi
    kind = name[len('swift-'):] + '-server'
    conf = os.path.join(ETC, 'swift', kind + '.conf')
    kw = {'verbose': False}
    if kind == 'object-server':
        from swift.obj import server
        kw['global_conf_callback'] = server.global_conf_callback
    sys.exit(run_wsgi(conf, kind, **kw))
else:
    sys.exit('unknown service ' + name)
