package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// ServerSpec is what an instance was like when its snapshot was made: enough to make another one like it when it
// is gone.
type ServerSpec struct {
	Flavor     string            `json:"flavor" doc:"id"`
	FlavorName string            `json:"flavor_name,omitempty"`
	Networks   []ServerPortSpec  `json:"networks,omitempty" doc:"one for each of its ports, in their order"`
	KeyName    string            `json:"key_name,omitempty"`
	Zone       string            `json:"availability_zone,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty" doc:"the user's own, as much of it as fits an image"`
}

// ServerPortSpec is a network that an instance had a port in, and the security groups of the port.
type ServerPortSpec struct {
	ID     string   `json:"id"`
	Groups []string `json:"security_groups,omitempty" doc:"ids"`
}

const (
	flavorProperty     = "mcm_flavor"
	flavorNameProperty = "mcm_flavor_name"
	keyProperty        = "mcm_key_name"
	zoneProperty       = "mcm_availability_zone"
	networksProperty   = "mcm_networks"
	// networksPieces is how many properties hold the networks: an id has 36 characters, a property 255.
	networksPieces   = 6
	metadataProperty = "mcm_metadata"
	metadataPieces   = 8
)

// properties are the shape as the image keeps it. All are written, for an image inherits those of the one
// that its server came from. Networks that do not fit are left out: whoever restores then names them.
func (s ServerSpec) properties() map[string]string {
	m := map[string]string{flavorProperty: s.Flavor, flavorNameProperty: truncate(s.FlavorName), keyProperty: s.KeyName, zoneProperty: s.Zone}
	var words []string
	for _, n := range s.Networks {
		words = append(words, n.ID+":"+strings.Join(n.Groups, ","))
	}
	text := strings.Join(words, " ")
	if len(text) > networksPieces*maxProperty {
		text, m[flavorProperty] = "", ""
	}
	spread(m, networksProperty, networksPieces, text)
	spread(m, metadataProperty, metadataPieces, s.metadata())
	return m
}

// metadata is the user's in a form that any database keeps; keys that do not fit any more are left out.
func (s ServerSpec) metadata() string {
	kept := url.Values{}
	for _, key := range slices.Sorted(maps.Keys(s.Metadata)) {
		kept.Set(key, s.Metadata[key])
		if len(kept.Encode()) > metadataPieces*maxProperty {
			kept.Del(key)
		}
	}
	return kept.Encode()
}

// spread writes a text that is longer than a property may be to as many as there are for it.
func spread(properties map[string]string, name string, pieces int, text string) {
	for i := range pieces {
		piece := text[:min(len(text), maxProperty)]
		properties[pieceName(name, i)], text = piece, text[len(piece):]
	}
}

func gather(image images.Image, name string, pieces int) string {
	var text strings.Builder
	for i := range pieces {
		text.WriteString(property(image, pieceName(name, i)))
	}
	return text.String()
}

func pieceName(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, i+1)
}

// specFrom reads it back; nil from an image that was made before shapes were kept.
func specFrom(image images.Image) *ServerSpec {
	s := &ServerSpec{Flavor: property(image, flavorProperty), FlavorName: property(image, flavorNameProperty),
		KeyName: property(image, keyProperty), Zone: property(image, zoneProperty)}
	if s.Flavor == "" {
		return nil
	}
	if kept, err := url.ParseQuery(gather(image, metadataProperty, metadataPieces)); err == nil && len(kept) > 0 {
		s.Metadata = map[string]string{}
		for key := range kept {
			s.Metadata[key] = kept.Get(key)
		}
	}
	for _, word := range strings.Fields(gather(image, networksProperty, networksPieces)) {
		id, groups, _ := strings.Cut(word, ":")
		n := ServerPortSpec{ID: id}
		if groups != "" {
			n.Groups = strings.Split(groups, ",")
		}
		s.Networks = append(s.Networks, n)
	}
	return s
}

// IsVolumeBacked reports whether an image has no bytes of its own but names volume snapshots: a server of it
// boots from volumes, though Nova may name the image. One that is gone does not say so.
func IsVolumeBacked(ctx context.Context, s *openstack.Session, id string) (bool, error) {
	c, err := s.Image()
	if err != nil {
		return false, err
	}
	image, err := images.Get(ctx, c, id).Extract()
	if err = s.Fault("glance", err); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		return false, err
	}
	return len(BlockDevices(*image)) > 0, nil
}

// BlockDevice is a volume of a server that boots from volumes, as the image of it names its snapshot.
type BlockDevice struct {
	Snapshot            string `json:"snapshot"`
	SizeGB              int    `json:"gib"`
	Boot                bool   `json:"boot"`
	DeleteOnTermination bool   `json:"delete_on_termination"` // it is deleted with its server
}

// BlockDevices are the volumes that a server of the image has, the one that it boots from first; none when the image
// is a disk itself.
// https://docs.openstack.org/nova/latest/user/block-device-mapping.html
func BlockDevices(image images.Image) []BlockDevice {
	var devices []struct {
		Snapshot string `json:"snapshot_id"`
		GiB      int    `json:"volume_size"`
		Boot     *int   `json:"boot_index"`
		Doomed   bool   `json:"delete_on_termination"`
	}
	text := property(image, "block_device_mapping")
	if text == "" || json.Unmarshal([]byte(text), &devices) != nil {
		return nil
	}
	var out []BlockDevice
	for _, d := range devices {
		if d.Snapshot != "" {
			out = append(out, BlockDevice{Snapshot: d.Snapshot, SizeGB: d.GiB, Boot: d.Boot != nil && *d.Boot == 0, DeleteOnTermination: d.Doomed})
		}
	}
	slices.SortStableFunc(out, func(a, b BlockDevice) int {
		switch {
		case a.Boot && !b.Boot:
			return -1
		case b.Boot && !a.Boot:
			return 1
		}
		return 0
	})
	return out
}
