package backup_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// keepCounters is a shape as its image tells it, whose properties are as short and plain as any database wants them.
func keepCounters(t *testing.T, s backup.ServerSpec) *backup.ServerSpec {
	t.Helper()
	properties := map[string]any{}
	for name, value := range (backup.SnapshotMetadata{Spec: s}).Properties() {
		require.LessOrEqual(t, len(value), 255, name)
		require.Equal(t, strings.ToValidUTF8(value, ""), value, name)
		properties[name] = value
	}
	return backup.ImageFrom(images.Image{Properties: properties}).Server
}

func TestAnImageKeepsWhatItsInstanceWasLike(t *testing.T) {
	s := backup.ServerSpec{Flavor: "1", FlavorName: "m1.small", KeyName: "anna", Zone: "nova",
		Networks: []backup.ServerPortSpec{{ID: "n1", Groups: []string{"g1", "g2"}}, {ID: "n2"}},
		Metadata: map[string]string{"owner": "Zoë & Łukasz = 1", "cost center": strings.Repeat("日本", 40), "empty": ""}}
	require.Equal(t, s, *keepCounters(t, s))
	require.Nil(t, keepCounters(t, backup.ServerSpec{}), "of before shapes were kept")
}

func TestOfMuchMetadataAnImageKeepsWhatFits(t *testing.T) {
	s := backup.ServerSpec{Flavor: "1", Metadata: map[string]string{}}
	for i := range 20 {
		s.Metadata[fmt.Sprintf("key-%02d", i)] = strings.Repeat("x", 250)
	}
	s.Metadata["later"] = "short"
	got := keepCounters(t, s).Metadata
	require.Len(t, got, 8)
	require.Equal(t, "short", got["later"])
	for key, value := range got {
		require.Equal(t, s.Metadata[key], value)
	}
}
