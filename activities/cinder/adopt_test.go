package cinder

import (
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack"
)

// A retained volume is adopted in every transient status: an app that is launched while its volume is still being
// detached must not get an empty one.
func TestAdopt_retained_volume(t *testing.T) {
	t.Parallel()
	for status, taken := range map[string]bool{"available": true, "in-use": true, "detaching": true, "attaching": true, "reserved": true, "extending": true,
		"creating": false, "deleting": false, "error": false, "error_deleting": false} {
		v, ok := adopt([]volumes.Volume{{ID: "kept", Status: status}}, CreateVolumeInput{App: "zabbix", TaskID: "app:zabbix~2"})
		require.Equal(t, taken, ok, status)
		require.Equal(t, taken, v.ID == "kept", status)
	}
	mine := []volumes.Volume{{ID: "kept", Status: "detaching"}, {ID: "made", Status: "creating", Metadata: map[string]string{openstack.TaskKey: "app:zabbix~2"}}}
	v, ok := adopt(mine, CreateVolumeInput{App: "zabbix", TaskID: "app:zabbix~2"})
	require.True(t, ok)
	require.Equal(t, "made", v.ID, "a volume of this task comes first")
}
