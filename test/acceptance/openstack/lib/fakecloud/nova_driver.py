"""nova's FakeDriver plus what a user can see of a real hypervisor:
 - instances, their power state and volumes survive a nova-compute restart;
 - every instance has a "disk" (a copy of its image's bytes), which a
   snapshot uploads to glance and a rebuild replaces;
 - the console log names the disk's sha256, so a test can tell them apart.
FakeDriver.snapshot() alone never uploads: its image stays 'queued' forever.
"""
import hashlib
import io
import json
import os
import time

from nova.compute import power_state
from nova.compute import task_states
from nova import exception
from nova.image import glance
from nova.virt import fake

STATE = os.environ.get('FAKECLOUD_NOVA_STATE', '/var/tmp/fakecloud-nova')


class FileFakeDriver(fake.FakeDriver):
    capabilities = dict(fake.FakeDriver.capabilities,
                        supports_image_type_qcow2=True,
                        supports_image_type_iso=True)
    vcpus, memory_mb, local_gb = 256, 1 << 20, 20000

    # ---- persistence
    def _dir(self, uuid):
        return os.path.join(STATE, uuid)

    def _save(self, uuid):
        i = self.instances.get(uuid)
        if i is None:
            return
        os.makedirs(self._dir(uuid), exist_ok=True)
        p = os.path.join(self._dir(uuid), 'state.json')
        with open(p + '.new', 'w') as f:
            json.dump({'name': i.name, 'state': i.state,
                       'mounts': sorted(self._mounts.get(i.name, {}))}, f)
        os.replace(p + '.new', p)

    def _log(self, uuid, line):
        os.makedirs(self._dir(uuid), exist_ok=True)
        with open(os.path.join(self._dir(uuid), 'console.log'), 'a') as f:
            f.write('[%s] %s\n' % (time.strftime('%H:%M:%S'), line))

    def _sha(self, uuid):
        try:
            with open(os.path.join(self._dir(uuid), 'disk'), 'rb') as f:
                return hashlib.sha256(f.read()).hexdigest()
        except OSError:
            return 'none'

    def init_host(self, host):
        super().init_host(host)
        os.makedirs(STATE, exist_ok=True)
        for uuid in os.listdir(STATE):
            try:
                with open(os.path.join(self._dir(uuid), 'state.json')) as f:
                    s = json.load(f)
            except (OSError, ValueError):
                continue
            self.instances[uuid] = fake.FakeInstance(s['name'], s['state'],
                                                     uuid)
            self._mounts[s['name']] = {m: {} for m in s['mounts']}

    def _set(self, instance, state, what):
        i = self.instances.get(instance.uuid)
        if i is None:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        i.state = state
        self._save(instance.uuid)
        self._log(instance.uuid, what)

    # ---- life cycle
    def spawn(self, context, instance, image_meta, injected_files,
              admin_password, allocations, network_info=None,
              block_device_info=None, power_on=True, accel_info=None):
        os.makedirs(self._dir(instance.uuid), exist_ok=True)
        disk = os.path.join(self._dir(instance.uuid), 'disk')
        if os.path.exists(disk):
            os.unlink(disk)
        if instance.image_ref:
            with open(disk, 'wb') as f:
                glance.API().download(context, instance.image_ref, f)
        else:
            open(disk, 'wb').close()
        super().spawn(context, instance, image_meta, injected_files,
                      admin_password, allocations, network_info,
                      block_device_info, power_on, accel_info)
        for b in (block_device_info or {}).get('block_device_mapping') or []:
            self._mounts.setdefault(instance.name, {})[b['mount_device']] = \
                b['connection_info']
        self._save(instance.uuid)
        self._log(instance.uuid, 'boot %s image=%s disk-sha256=%s '
                  'user-data-sha256=%s' % (
                      instance.display_name, instance.image_ref or '-',
                      self._sha(instance.uuid),
                      hashlib.sha256((instance.user_data or '').encode())
                      .hexdigest()))

    def snapshot(self, context, instance, image_id, update_task_state):
        if instance.uuid not in self.instances:
            raise exception.InstanceNotRunning(instance_id=instance.uuid)
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        with open(os.path.join(self._dir(instance.uuid), 'disk'), 'rb') as f:
            data = f.read()
        api = glance.API()
        image = api.get(context, image_id)
        meta = {'name': image['name'], 'status': 'active',
                'disk_format': 'raw', 'container_format': 'bare',
                'properties': {'image_location': 'snapshot',
                               'image_state': 'available',
                               'owner_id': instance.project_id}}
        update_task_state(task_state=task_states.IMAGE_UPLOADING,
                          expected_state=task_states.IMAGE_PENDING_UPLOAD)
        # a disk is never empty, and glance wants at least one byte
        api.update(context, image_id, meta, io.BytesIO(data or b'\0'),
                   purge_props=False)

    def power_off(self, instance, timeout=0, retry_interval=0):
        self._set(instance, power_state.SHUTDOWN, 'power off')

    def power_on(self, context, instance, network_info,
                 block_device_info=None, accel_info=None):
        self._set(instance, power_state.RUNNING,
                  'power on disk-sha256=%s' % self._sha(instance.uuid))

    def pause(self, instance):
        self._set(instance, power_state.PAUSED, 'pause')

    def unpause(self, instance):
        self._set(instance, power_state.RUNNING, 'unpause')

    def suspend(self, context, instance):
        self._set(instance, power_state.SUSPENDED, 'suspend')

    def resume(self, context, instance, network_info, block_device_info=None):
        self._set(instance, power_state.RUNNING, 'resume')

    def resume_state_on_host_boot(self, context, instance, network_info,
                                  block_device_info=None):
        self.power_on(context, instance, network_info)

    def migrate_disk_and_power_off(self, context, instance, dest, flavor,
                                   network_info, block_device_info=None,
                                   timeout=0, retry_interval=0):
        self._set(instance, power_state.SHUTDOWN, 'migrate')
        return '{}'

    def finish_migration(self, context, migration, instance, disk_info,
                         network_info, image_meta, resize_instance,
                         allocations, block_device_info=None, power_on=True):
        self.instances.setdefault(instance.uuid, fake.FakeInstance(
            instance.name, power_state.SHUTDOWN, instance.uuid))
        self._set(instance, power_state.RUNNING if power_on
                  else power_state.SHUTDOWN, 'resized')

    def destroy(self, context, instance, network_info, block_device_info=None,
                destroy_disks=True, destroy_secrets=True):
        self.instances.pop(instance.uuid, None)
        d = self._dir(instance.uuid)
        for f in ('state.json', 'disk') if destroy_disks else ():
            try:
                os.unlink(os.path.join(d, f))
            except OSError:
                pass
        try:
            os.rename(os.path.join(d, 'console.log'),
                      os.path.join(d, 'console.log.old'))
        except OSError:
            pass

    def attach_volume(self, context, connection_info, instance, mountpoint,
                      disk_bus=None, device_type=None, encryption=None):
        super().attach_volume(context, connection_info, instance, mountpoint)
        self._save(instance.uuid)
        self._log(instance.uuid, 'attach %s %s' % (
            mountpoint, connection_info.get('serial')))

    def detach_volume(self, context, connection_info, instance, mountpoint,
                      encryption=None):
        super().detach_volume(context, connection_info, instance, mountpoint)
        self._save(instance.uuid)
        self._log(instance.uuid, 'detach %s' % mountpoint)

    def attach_interface(self, context, instance, image_meta, vif):
        self._interfaces[vif['id']] = vif

    def detach_interface(self, context, instance, vif):
        self._interfaces.pop(vif['id'], None)

    def get_console_output(self, context, instance):
        try:
            with open(os.path.join(self._dir(instance.uuid),
                                   'console.log')) as f:
                return f.read()
        except OSError:
            return ''
