package conformance

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/objectstorage/v1/containers"
	"github.com/gophercloud/gophercloud/v2/openstack/objectstorage/v1/objects"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSwift(t *testing.T) {
	t.Parallel()
	each(t, openCloud(t).member, swiftCases)
	each(t, openCloud(t).member, largeCases)
}

// container creates a container and deletes it with its objects when the case ends.
func (a *actor) container(t *testing.T, headers ...string) string {
	t.Helper()
	path := "/" + shared.mark + "-" + random(3)
	a.want(t, 201, "PUT", "swift", path, nil, headers...)
	t.Cleanup(func() {
		ctx := withoutEnd(t)
		for _, name := range lines(a.send(ctx, "GET", "swift", path, nil)) {
			a.send(ctx, "DELETE", "swift", path+"/"+name, nil)
		}
		a.send(ctx, "DELETE", "swift", path, nil)
	})
	return path
}

func lines(out response) []string { return strings.Fields(string(out.raw)) }

// put stores objects whose content is their name.
func (a *actor) put(t *testing.T, container string, names ...string) {
	t.Helper()
	for _, n := range names {
		a.want(t, 201, "PUT", "swift", container+"/"+n, n)
	}
}

const notThere, forbidden = "<html><h1>Not Found</h1><p>The resource could not be found.</p></html>",
	"<html><h1>Forbidden</h1><p>Access was denied to this resource.</p></html>"

var swiftCases = []one[*actor]{
	{"without a token nothing is said", func(t *testing.T, a *actor) {
		out := a.want(t, 401, "GET", "swift", "/x", nil, "X-Auth-Token", "")
		assert.Contains(t, string(out.raw), "<h1>Unauthorized</h1>")
		assert.Contains(t, out.header.Get("Www-Authenticate"), "realm=")
	}},
	{"a container is made, made again and removed", func(t *testing.T, a *actor) {
		path := a.container(t)
		assert.Contains(t, string(a.want(t, 202, "PUT", "swift", path, nil).raw), "<h1>Accepted</h1>")
		out := a.want(t, 204, "HEAD", "swift", path, nil)
		assert.Equal(t, "0", out.header.Get("X-Container-Object-Count"))
		assert.Equal(t, "0", out.header.Get("X-Container-Bytes-Used"))
		assert.NotEmpty(t, out.header.Get("X-Trans-Id"))
		assert.NotEmpty(t, out.header.Get("X-Timestamp"))
		a.want(t, 204, "DELETE", "swift", path, nil)
		a.refused(t, 404, "", notThere, "GET", "swift", path, nil)
		a.want(t, 404, "DELETE", "swift", path, nil)
	}},
	{"the client library keeps an object", func(t *testing.T, a *actor) {
		path := a.container(t)[1:]
		_, err := objects.Create(t.Context(), a.store, path, "a b/ü?.txt", objects.CreateOpts{Content: strings.NewReader("text"),
			Metadata: map[string]string{"who": "library"}}).Extract()
		require.NoError(t, err)
		got := objects.Download(t.Context(), a.store, path, "a b/ü?.txt", nil)
		text, err := got.ExtractContent()
		require.NoError(t, err)
		assert.Equal(t, "text", string(text))
		_, err = objects.Delete(t.Context(), a.store, path, "a b/ü?.txt", nil).Extract()
		require.NoError(t, err)
		header, err := containers.Get(t.Context(), a.store, path, nil).Extract()
		require.NoError(t, err)
		assert.Equal(t, int64(0), header.ObjectCount)
	}},
	{"metadata of a container", func(t *testing.T, a *actor) {
		path := a.container(t, "X-Container-Meta-Owner", "mcm")
		a.want(t, 204, "POST", "swift", path, nil, "X-Container-Meta-Colour", "red")
		out := a.want(t, 204, "HEAD", "swift", path, nil)
		assert.Equal(t, []string{"mcm", "red"}, []string{out.header.Get("X-Container-Meta-Owner"), out.header.Get("X-Container-Meta-Colour")})
		a.want(t, 204, "POST", "swift", path, nil, "X-Remove-Container-Meta-Owner", "x", "X-Container-Meta-Colour", "blue")
		out = a.want(t, 204, "HEAD", "swift", path, nil)
		assert.Equal(t, []string{"", "blue"}, []string{out.header.Get("X-Container-Meta-Owner"), out.header.Get("X-Container-Meta-Colour")})
	}},
	{"a container with something in it stays", func(t *testing.T, a *actor) {
		path := a.container(t)
		a.put(t, path, "a")
		a.refused(t, 409, "", "<h1>Conflict</h1>", "DELETE", "swift", path, nil)
	}},
	{"the name of a container has an end", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "Container name length of 300 longer than 256", "PUT", "swift", "/"+strings.Repeat("x", 300), nil)
	}},
	{"the name of an object has an end", func(t *testing.T, a *actor) {
		a.refused(t, 400, "", "Object name length of 1025 longer than 1024", "PUT", "swift", a.container(t)+"/"+strings.Repeat("x", 1025), "x")
	}},
	{"an object is kept, read and removed", func(t *testing.T, a *actor) {
		path := a.container(t) + "/a.txt"
		out := a.want(t, 201, "PUT", "swift", path, "one line\n", "Content-Type", "text/plain", "X-Object-Meta-Task", "t1")
		assert.Equal(t, "c668bc14490a9d0acee3a0dbac1ec9b9", out.header.Get("Etag"))
		got := a.want(t, 200, "GET", "swift", path, nil)
		assert.Equal(t, "one line\n", string(got.raw))
		assert.Equal(t, []string{"text/plain", "9", "t1", "bytes"}, []string{got.header.Get("Content-Type"), got.header.Get("Content-Length"),
			got.header.Get("X-Object-Meta-Task"), got.header.Get("Accept-Ranges")})
		head := a.want(t, 200, "HEAD", "swift", path, nil)
		assert.Equal(t, out.header.Get("Etag"), head.header.Get("Etag"))
		assert.NotEmpty(t, head.header.Get("Last-Modified"))
		a.want(t, 204, "DELETE", "swift", path, nil)
		a.refused(t, 404, "", notThere, "GET", "swift", path, nil)
		a.want(t, 404, "DELETE", "swift", path, nil)
	}},
	{"an object without a container is not kept", func(t *testing.T, a *actor) {
		a.want(t, 404, "PUT", "swift", "/"+shared.mark+"-nothing/a", "x")
	}},
	{"new metadata of an object takes the place of the old", func(t *testing.T, a *actor) {
		path := a.container(t) + "/a"
		a.want(t, 201, "PUT", "swift", path, "x", "X-Object-Meta-One", "1")
		a.want(t, 202, "POST", "swift", path, nil, "X-Object-Meta-Two", "2", "Content-Type", "")
		out := a.want(t, 200, "HEAD", "swift", path, nil)
		assert.Equal(t, []string{"", "2"}, []string{out.header.Get("X-Object-Meta-One"), out.header.Get("X-Object-Meta-Two")})
	}},
	{"bytes that are not those announced are refused", func(t *testing.T, a *actor) {
		out := a.want(t, 422, "PUT", "swift", a.container(t)+"/a", "x", "Etag", "00000000000000000000000000000000")
		assert.Contains(t, string(out.raw), "<h1>Unprocessable Entity</h1>")
	}},
	{"an object is not written over when asked", func(t *testing.T, a *actor) {
		path := a.container(t) + "/a"
		a.want(t, 201, "PUT", "swift", path, "x", "If-None-Match", "*")
		a.want(t, 412, "PUT", "swift", path, "y", "If-None-Match", "*")
		assert.Equal(t, "x", string(a.want(t, 200, "GET", "swift", path, nil).raw))
	}},
	{"conditions of reading", func(t *testing.T, a *actor) {
		path := a.container(t) + "/a"
		etag := a.want(t, 201, "PUT", "swift", path, "x").header.Get("Etag")
		a.want(t, 304, "GET", "swift", path, nil, "If-None-Match", etag)
		a.want(t, 200, "GET", "swift", path, nil, "If-Match", etag)
		a.want(t, 412, "GET", "swift", path, nil, "If-Match", "00000000000000000000000000000000")
	}},
	{"a part of an object", func(t *testing.T, a *actor) {
		path := a.container(t) + "/a"
		a.want(t, 201, "PUT", "swift", path, "0123456789")
		out := a.want(t, 206, "GET", "swift", path, nil, "Range", "bytes=2-5")
		assert.Equal(t, "2345", string(out.raw))
		assert.Equal(t, "bytes 2-5/10", out.header.Get("Content-Range"))
		assert.Equal(t, "89", string(a.want(t, 206, "GET", "swift", path, nil, "Range", "bytes=-2").raw))
		a.want(t, 416, "GET", "swift", path, nil, "Range", "bytes=20-30")
	}},
	{"an object is copied with its metadata", func(t *testing.T, a *actor) {
		from, to := a.container(t), a.container(t)
		a.want(t, 201, "PUT", "swift", from+"/a", "text", "X-Object-Meta-Task", "t1", "Content-Type", "text/plain")
		out := a.want(t, 201, "PUT", "swift", to+"/b", nil, "X-Copy-From", from+"/a", "Content-Type", "")
		assert.Equal(t, strings.TrimPrefix(from, "/")+"/a", out.header.Get("X-Copied-From"))
		got := a.want(t, 200, "GET", "swift", to+"/b", nil)
		assert.Equal(t, []string{"text", "t1", "text/plain"}, []string{string(got.raw), got.header.Get("X-Object-Meta-Task"), got.header.Get("Content-Type")})
		a.want(t, 201, "COPY", "swift", from+"/a", nil, "Destination", to+"/c")
		assert.Equal(t, "text", string(a.want(t, 200, "GET", "swift", to+"/c", nil).raw))
		a.want(t, 404, "PUT", "swift", to+"/d", nil, "X-Copy-From", from+"/nothing")
	}},
	{"an object that ends", func(t *testing.T, a *actor) {
		path := a.container(t) + "/a"
		a.want(t, 201, "PUT", "swift", path, "x", "X-Delete-After", "1")
		until(t, "the object to end", func() bool { return a.ask(t, "GET", "swift", path, nil).status == 404 })
		a.want(t, 201, "PUT", "swift", path, "x", "X-Delete-After", "3600")
		assert.NotEmpty(t, a.want(t, 200, "HEAD", "swift", path, nil).header.Get("X-Delete-At"))
	}},
	{"a list as lines and as documents", func(t *testing.T, a *actor) {
		path := a.container(t)
		a.want(t, 204, "GET", "swift", path, nil)
		a.put(t, path, "b", "a")
		out := a.want(t, 200, "GET", "swift", path, nil)
		assert.Equal(t, []string{"a", "b"}, lines(out))
		assert.Equal(t, "text/plain; charset=utf-8", out.header.Get("Content-Type"))
		out = a.want(t, 200, "GET", "swift", path+"?format=json", nil)
		assert.Equal(t, []string{"a", "b"}, names(out.list(), "name"))
		has(t, out.at(0), "name", "hash", "bytes", "content_type", "last_modified")
		assert.Equal(t, "2", out.header.Get("X-Container-Object-Count"))
	}},
	{"an empty list of documents", func(t *testing.T, a *actor) {
		assert.Equal(t, "[]", string(a.want(t, 200, "GET", "swift", a.container(t)+"?format=json", nil).raw))
	}},
	{"a list by prefix, delimiter and marker", func(t *testing.T, a *actor) {
		path := a.container(t)
		a.put(t, path, "a", "b/1", "b/2", "b/c/3", "d")
		for query, want := range map[string]string{"prefix=b/": "b/1 b/2 b/c/3", "delimiter=/": "a b/ d", "prefix=b/&delimiter=/": "b/1 b/2 b/c/",
			"marker=b/1": "b/2 b/c/3 d", "limit=2": "a b/1", "limit=2&marker=b/1": "b/2 b/c/3", "end_marker=b/2": "a b/1",
			"marker=a&end_marker=d": "b/1 b/2 b/c/3", "reverse=true": "d b/c/3 b/2 b/1 a", "reverse=true&marker=b/2": "b/1 a",
			"delimiter=/&limit=2": "a b/", "delimiter=/&marker=b/": "d"} {
			out := a.ask(t, "GET", "swift", path+"?"+query, nil)
			assert.Equal(t, want, strings.Join(lines(out), " "), query)
		}
		out := a.want(t, 200, "GET", "swift", path+"?format=json&delimiter=/", nil)
		assert.Equal(t, "b/", out.text(1, "subdir"))
	}},
	{"a limit that is too large is refused", func(t *testing.T, a *actor) {
		a.want(t, 412, "GET", "swift", a.container(t)+"?limit=10001", nil)
	}},
	{"the account lists its containers", func(t *testing.T, a *actor) {
		one, two := a.container(t)[1:], a.container(t)[1:]
		all := min(one, two) + " " + max(one, two)
		assert.Equal(t, all, strings.Join(lines(a.want(t, 200, "GET", "swift", "?prefix="+shared.mark, nil)), " "))
		assert.Equal(t, min(one, two), strings.Join(lines(a.want(t, 200, "GET", "swift", "?limit=1&prefix="+shared.mark, nil)), " "))
		assert.Equal(t, max(one, two), strings.Join(lines(a.want(t, 200, "GET", "swift", "?prefix="+shared.mark+"&marker="+min(one, two), nil)), " "))
		out := a.want(t, 200, "GET", "swift", "?format=json&prefix="+shared.mark, nil)
		has(t, out.at(0), "name", "count", "bytes", "last_modified")
		head := a.want(t, 204, "HEAD", "swift", "", nil)
		for _, h := range []string{"X-Account-Container-Count", "X-Account-Object-Count", "X-Account-Bytes-Used"} {
			assert.NotEmpty(t, head.header.Get(h), h)
		}
	}},
	{"metadata of the account", func(t *testing.T, a *actor) {
		a.want(t, 204, "POST", "swift", "", nil, "X-Account-Meta-Colour", "red")
		assert.Equal(t, "red", a.want(t, 204, "HEAD", "swift", "", nil).header.Get("X-Account-Meta-Colour"))
		a.want(t, 204, "POST", "swift", "", nil, "X-Remove-Account-Meta-Colour", "x")
		assert.Empty(t, a.want(t, 204, "HEAD", "swift", "", nil).header.Get("X-Account-Meta-Colour"))
	}},
	{"a container is for so many bytes", func(t *testing.T, a *actor) {
		path := a.container(t, "X-Container-Meta-Quota-Bytes", "10")
		a.want(t, 201, "PUT", "swift", path+"/a", "12345678") // the current content counts only after a minute
		out := a.want(t, 413, "PUT", "swift", path+"/b", "12345678901")
		assert.Equal(t, "Upload exceeds quota.", string(out.raw))
	}},
	{"a container is for so many objects", func(t *testing.T, a *actor) {
		path := a.container(t, "X-Container-Meta-Quota-Count", "0")
		out := a.want(t, 413, "PUT", "swift", path+"/b", "x")
		assert.Equal(t, "Upload exceeds quota.", string(out.raw))
	}},
	{"another project has no way in", func(t *testing.T, a *actor) {
		path, other := a.container(t), otherProjectUser(t, "member")
		url := strings.TrimSuffix(a.store.ServiceURL(""), "/") + path
		out := request(t.Context(), "GET", url, nil, map[string][]string{"X-Auth-Token": {other.provider.Token()}})
		assert.Equal(t, 403, out.status)
		assert.Equal(t, forbidden, string(out.raw))
	}},
	{"a container that everybody may read", func(t *testing.T, a *actor) {
		path := a.container(t)
		a.put(t, path, "a")
		a.want(t, 401, "GET", "swift", path+"/a", nil, "X-Auth-Token", "")
		a.want(t, 204, "POST", "swift", path, nil, "X-Container-Read", ".r:*")
		assert.Equal(t, "a", string(a.want(t, 200, "GET", "swift", path+"/a", nil, "X-Auth-Token", "").raw))
		a.want(t, 401, "GET", "swift", path, nil, "X-Auth-Token", "")
		a.want(t, 401, "PUT", "swift", path+"/a", "x", "X-Auth-Token", "")
	}},
	{"a reader of the project makes nothing", func(t *testing.T, _ *actor) {
		a := otherProjectUser(t, "reader")
		a.refused(t, 403, "", forbidden, "PUT", "swift", "/x", nil)
	}},
	{"what the service can is told to anybody", func(t *testing.T, a *actor) {
		root, _, _ := strings.Cut(a.store.ServiceURL(""), "/v1/")
		out := request(t.Context(), "GET", root+"/info", nil, nil)
		has(t, out.at(), "swift", "slo", "tempurl", "container_quotas")
		has(t, out.at("swift"), "max_file_size", "container_listing_limit", "max_object_name_length")
	}},
}

var chunk = bytes.Repeat([]byte("0123456789abcdef"), 4096)
