package conformance

import (
	"bytes"
	"crypto/md5" // the API's checksum
	"encoding/hex"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGlance(t *testing.T) {
	t.Parallel()
	each(t, openCloud(t).member, glanceCases)
}

// register creates an image without data.
func (a *actor) register(t *testing.T, more obj) response {
	t.Helper()
	body := obj{"name": shared.mark + "-image", "disk_format": "raw", "container_format": "bare"}
	maps.Copy(body, more)
	out := a.want(t, 201, "POST", "glance", "/images", body)
	a.later(t, "glance", "/images/"+out.text("id"))
	return out
}

// stored creates an image with data.
func (a *actor) stored(t *testing.T, text string, more obj) string {
	t.Helper()
	id := a.register(t, more).text("id")
	a.want(t, 204, "PUT", "glance", "/images/"+id+"/file", text, "Content-Type", "application/octet-stream")
	return id
}

// patch changes properties of an image.
func (a *actor) patch(t *testing.T, status int, id string, changes ...obj) response {
	t.Helper()
	return a.want(t, status, "PATCH", "glance", "/images/"+id, changes, "Content-Type", "application/openstack-images-v2.1-json-patch")
}

var glanceCases = []one[*actor]{
	{"without a token nothing is said", func(t *testing.T, a *actor) {
		a.refused(t, 401, "", "This server could not verify that you are authorized", "GET", "glance", "/images", nil, "X-Auth-Token", "")
	}},
	{"an image is registered, uploaded and downloaded", func(t *testing.T, a *actor) {
		out := a.register(t, nil)
		assert.Equal(t, "queued", out.text("status"))
		assert.Equal(t, "shared", out.text("visibility"))
		id := out.text("id")
		assert.True(t, strings.HasSuffix(out.header.Get("Location"), "/v2/images/"+id), out.header.Get("Location"))
		has(t, out.at(), "size", "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "owner", "min_disk", "min_ram", "protected", "tags",
			"virtual_size", "created_at", "updated_at", "self", "file", "schema")
		a.want(t, 204, "GET", "glance", "/images/"+id+"/file", nil)
		data := strings.Repeat("bytes of an image\n", 1000)
		a.want(t, 204, "PUT", "glance", "/images/"+id+"/file", data, "Content-Type", "application/octet-stream")
		got := a.want(t, 200, "GET", "glance", "/images/"+id, nil)
		sum := md5.Sum([]byte(data))
		assert.Equal(t, []any{"active", float64(len(data)), hex.EncodeToString(sum[:]), "sha512"},
			[]any{got.at("status"), got.at("size"), got.at("checksum"), got.at("os_hash_algo")})
		back := a.want(t, 200, "GET", "glance", "/images/"+id+"/file", nil)
		assert.Equal(t, data, string(back.raw))
		assert.Equal(t, hex.EncodeToString(sum[:]), back.header.Get("Content-Md5"))
		assert.Equal(t, "application/octet-stream", back.header.Get("Content-Type"))
		a.want(t, 204, "DELETE", "glance", "/images/"+id, nil)
		a.refused(t, 404, "", "No image found with ID "+id, "GET", "glance", "/images/"+id, nil)
	}},
	{"the client library uploads a stream", func(t *testing.T, a *actor) {
		i, err := images.Create(t.Context(), a.image, images.CreateOpts{Name: shared.mark + "-library", DiskFormat: "raw", ContainerFormat: "bare",
			Properties: map[string]string{"os_distro": "debian"}}).Extract()
		require.NoError(t, err)
		a.later(t, "glance", "/images/"+i.ID)
		data := bytes.Repeat([]byte("0123456789"), 30_000)
		require.NoError(t, imagedata.Upload(t.Context(), a.image, i.ID, io.MultiReader(bytes.NewReader(data))).ExtractErr())
		reader, err := imagedata.Download(t.Context(), a.image, i.ID).Extract()
		require.NoError(t, err)
		back, err := io.ReadAll(reader)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, back))
		got, err := images.Get(t.Context(), a.image, i.ID).Extract()
		require.NoError(t, err)
		assert.Equal(t, "debian", got.Properties["os_distro"])
	}},
	{"a part of an image", func(t *testing.T, a *actor) {
		id := a.stored(t, "0123456789", nil)
		out := a.want(t, 206, "GET", "glance", "/images/"+id+"/file", nil, "Range", "bytes=2-5")
		assert.Equal(t, "2345", string(out.raw))
		assert.Equal(t, "bytes 2-5/10", out.header.Get("Content-Range"))
	}},
	{"bytes are uploaded once", func(t *testing.T, a *actor) {
		id := a.stored(t, "x", nil)
		a.refused(t, 409, "", "Image status transition from active to saving is not allowed", "PUT", "glance", "/images/"+id+"/file", "y",
			"Content-Type", "application/octet-stream")
	}},
	{"an unknown disk format is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "'floppy' is not one of", "POST", "glance", "/images", obj{"name": "x", "disk_format": "floppy"})
	}},
	{"a name that is no text is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "Provided object does not match schema 'image'", "POST", "glance", "/images", obj{"name": 7})
	}},
	{"a property that is no text is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "Provided object does not match schema 'image'", "POST", "glance", "/images", obj{"name": "x", "colour": 7})
	}},
	{"an id is used once", func(t *testing.T, a *actor) {
		id := a.register(t, nil).text("id")
		a.refused(t, 409, "", "Image ID "+id+" already exists!", "POST", "glance", "/images", obj{"id": id, "name": "x"})
	}},
	{"the status is not for people", func(t *testing.T, a *actor) {
		a.refused(t, 403, "", "Attribute 'status' is read-only.", "POST", "glance", "/images", obj{"status": "active"})
	}},
	{"an unknown image is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "", "No image found with ID "+nobody, "GET", "glance", "/images/"+nobody, nil)
		a.refused(t, 404, "", "Failed to find image "+nobody+" to delete", "DELETE", "glance", "/images/"+nobody, nil)
	}},
	{"properties are added, replaced and removed", func(t *testing.T, a *actor) {
		id := a.register(t, nil).text("id")
		out := a.patch(t, 200, id, obj{"op": "add", "path": "/purpose", "value": "backup"}, obj{"op": "replace", "path": "/name", "value": "new"})
		assert.Equal(t, []any{"backup", "new"}, []any{out.at("purpose"), out.at("name")})
		out = a.patch(t, 200, id, obj{"op": "replace", "path": "/purpose", "value": "rest"})
		assert.Equal(t, "rest", out.text("purpose"))
		out = a.patch(t, 200, id, obj{"op": "remove", "path": "/purpose"})
		assert.NotContains(t, out.at(), "purpose")
	}},
	{"a property that is not there is not replaced", func(t *testing.T, a *actor) {
		out := a.patch(t, 409, a.register(t, nil).text("id"), obj{"op": "replace", "path": "/purpose", "value": "x"})
		assert.Contains(t, string(out.raw), "Property purpose does not exist.")
	}},
	{"what the service keeps is not patched", func(t *testing.T, a *actor) {
		out := a.patch(t, 403, a.register(t, nil).text("id"), obj{"op": "replace", "path": "/status", "value": "active"})
		assert.Contains(t, string(out.raw), "Attribute 'status' is read-only.")
	}},
	{"a patch is a list of changes", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "Request body must be a JSON array of operation objects.", "PATCH", "glance", "/images/"+a.register(t, nil).text("id"),
			obj{"name": "x"}, "Content-Type", "application/openstack-images-v2.1-json-patch")
	}},
	{"a patch has a media type of its own", func(t *testing.T, a *actor) {
		a.want(t, 415, "PATCH", "glance", "/images/"+a.register(t, nil).text("id"), []obj{{"op": "replace", "path": "/name", "value": "x"}})
	}},
	{"a protected image stays", func(t *testing.T, a *actor) {
		id := a.register(t, obj{"protected": true}).text("id")
		a.refused(t, 403, "", "Image "+id+" is protected and cannot be deleted.", "DELETE", "glance", "/images/"+id, nil)
		a.patch(t, 200, id, obj{"op": "replace", "path": "/protected", "value": false})
		a.want(t, 204, "DELETE", "glance", "/images/"+id, nil)
	}},
	{"a public image of others is only looked at", func(t *testing.T, a *actor) {
		id := str(a.want(t, 200, "GET", "glance", "/images?visibility=public&limit=1", nil).list("images")[0], "id")
		a.want(t, 200, "GET", "glance", "/images/"+id, nil)
		out := a.patch(t, 403, id, obj{"op": "replace", "path": "/name", "value": "mine"})
		assert.Contains(t, string(out.raw), "403 Forbidden")
	}},
	{"a member makes nothing public", func(t *testing.T, a *actor) {
		a.refused(t, 403, "", "You are not authorized to complete publicize_image action.", "POST", "glance", "/images",
			obj{"name": "x", "visibility": "public"})
	}},
	{"images of another project are not found", func(t *testing.T, a *actor) {
		id, other := a.register(t, obj{"visibility": "private"}).text("id"), otherProjectUser(t, "member")
		other.refused(t, 404, "", "No image found with ID "+id, "GET", "glance", "/images/"+id, nil)
	}},
	{"tags are set, found by and deleted", func(t *testing.T, a *actor) {
		id := a.register(t, obj{"tags": []string{"one"}}).text("id")
		a.want(t, 204, "PUT", "glance", "/images/"+id+"/tags/"+shared.mark, nil)
		assert.ElementsMatch(t, []any{"one", shared.mark}, a.want(t, 200, "GET", "glance", "/images/"+id, nil).at("tags"))
		assert.Equal(t, []string{id}, names(a.want(t, 200, "GET", "glance", "/images?tag=one&tag="+shared.mark, nil).list("images"), "id"))
		a.want(t, 204, "DELETE", "glance", "/images/"+id+"/tags/"+shared.mark, nil)
		a.want(t, 404, "DELETE", "glance", "/images/"+id+"/tags/"+shared.mark, nil)
	}},
	{"images are found by name, status and property", func(t *testing.T, a *actor) {
		name := shared.mark + "-" + random(2)
		id := a.register(t, obj{"name": name, "purpose": name}).text("id")
		for filter, found := range map[string]int{"name=" + name: 1, "purpose=" + name: 1, "name=" + name + "&status=queued": 1,
			"name=" + name + "&status=active": 0, "name=in:no-such-name," + name: 1, "name=" + name + "&visibility=public": 0} {
			got := names(a.want(t, 200, "GET", "glance", "/images?"+filter, nil).list("images"), "id")
			assert.Len(t, got, found, "%s: %s", filter, id)
		}
	}},
	{"images come in pages", func(t *testing.T, a *actor) {
		name := shared.mark + "-" + random(2)
		old, young := a.register(t, obj{"name": name}).text("id"), a.register(t, obj{"name": name}).text("id")
		page := a.want(t, 200, "GET", "glance", "/images?limit=1&sort=created_at:desc,id:desc&name="+name, nil)
		assert.Len(t, page.list("images"), 1)
		first := page.text("images", 0, "id")
		assert.Contains(t, page.text("next"), "marker="+first)
		has(t, page.at(), "first", "schema")
		next := a.want(t, 200, "GET", "glance", "/images?limit=1&sort=created_at:desc,id:desc&name="+name+"&marker="+first, nil)
		assert.ElementsMatch(t, []string{old, young}, []string{first, next.text("images", 0, "id")})
	}},
	{"images are sorted", func(t *testing.T, a *actor) {
		owner := shared.mark + "-" + random(2)
		for _, n := range []string{"b", "c", "a"} {
			a.register(t, obj{"name": n, "purpose": owner})
		}
		got := a.want(t, 200, "GET", "glance", "/images?sort_key=name&sort_dir=asc&purpose="+owner, nil)
		assert.Equal(t, []string{"a", "b", "c"}, names(got.list("images"), "name"))
	}},
	{"an unknown marker of images is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", nobody, "GET", "glance", "/images?marker="+nobody, nil)
	}},
	{"a limit that is no number is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "limit param must be an integer", "GET", "glance", "/images?limit=many", nil)
	}},
	{"an image is shared with a project", func(t *testing.T, a *actor) {
		id, other := a.stored(t, "x", nil), otherProjectUser(t, "member")
		a.want(t, 200, "POST", "glance", "/images/"+id+"/members", obj{"member": other.projectID})
		assert.Equal(t, id, other.want(t, 200, "GET", "glance", "/images/"+id, nil).text("id"))
		out := other.want(t, 200, "PUT", "glance", "/images/"+id+"/members/"+other.projectID, obj{"status": "accepted"})
		assert.Equal(t, "accepted", out.text("status"))
		list := other.want(t, 200, "GET", "glance", "/images?visibility=shared", nil).list("images")
		assert.Equal(t, []string{id}, names(list, "id"))
		a.want(t, 204, "DELETE", "glance", "/images/"+id+"/members/"+other.projectID, nil)
		other.want(t, 404, "GET", "glance", "/images/"+id, nil)
	}},
}
