package conformance

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// segments stores three segments and returns a manifest for them.
func (a *actor) segments(t *testing.T, container string) (manifest []obj, whole []byte, etag string) {
	t.Helper()
	sums := ""
	for i := range 3 {
		part := append([]byte{byte('0' + i)}, chunk...)
		path := fmt.Sprintf("%s/big/%d", container, i)
		sum := a.want(t, 201, "PUT", "swift", path, part).header.Get("Etag")
		manifest = append(manifest, obj{"path": path, "etag": sum, "size_bytes": len(part)})
		whole, sums = append(whole, part...), sums+sum
	}
	total := md5.Sum([]byte(sums))
	return manifest, whole, `"` + hex.EncodeToString(total[:]) + `"`
}

// signed returns a temporary URL of an object for a method and an expiry.
func (a *actor) signed(t *testing.T, method, path, key string, until time.Time) string {
	t.Helper()
	full := strings.TrimSuffix(a.store.ServiceURL(""), "/") + path
	u, err := url.Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%s\n%d\n%s", method, until.Unix(), u.Path)
	return fmt.Sprintf("%s?temp_url_sig=%s&temp_url_expires=%d", full, hex.EncodeToString(mac.Sum(nil)), until.Unix())
}

var largeCases = []one[*actor]{
	{"a static large object is the sum of its segments", func(t *testing.T, a *actor) {
		c, parts := a.container(t), a.container(t)
		manifest, whole, etag := a.segments(t, parts)
		out := a.want(t, 201, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		assert.Equal(t, etag, out.header.Get("Etag"))
		got := a.want(t, 200, "GET", "swift", c+"/slo", nil)
		assert.True(t, bytes.Equal(whole, got.raw))
		assert.Equal(t, []string{"True", etag}, []string{got.header.Get("X-Static-Large-Object"), got.header.Get("Etag")})
		head := a.want(t, 200, "HEAD", "swift", c+"/slo", nil)
		assert.Equal(t, fmt.Sprint(len(whole)), head.header.Get("Content-Length"))
		listed := a.want(t, 200, "GET", "swift", c+"?format=json", nil)
		assert.Equal(t, float64(len(whole)), listed.at(0, "bytes"))
	}},
	{"a part across segments", func(t *testing.T, a *actor) {
		c := a.container(t)
		manifest, whole, _ := a.segments(t, c)
		a.want(t, 201, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		from, to := len(chunk)-5, 2*len(chunk)+10
		out := a.want(t, 206, "GET", "swift", c+"/slo", nil, "Range", fmt.Sprintf("bytes=%d-%d", from, to))
		assert.True(t, bytes.Equal(whole[from:to+1], out.raw))
	}},
	{"the manifest is given back", func(t *testing.T, a *actor) {
		c := a.container(t)
		manifest, _, _ := a.segments(t, c)
		a.want(t, 201, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		out := a.want(t, 200, "GET", "swift", c+"/slo?multipart-manifest=get", nil)
		assert.Equal(t, []string{str(manifest[0], "path"), str(manifest[1], "path"), str(manifest[2], "path")}, names(out.list(), "name"))
		has(t, out.at(0), "name", "bytes", "hash", "content_type", "last_modified")
	}},
	{"a manifest that does not hold is refused", func(t *testing.T, a *actor) {
		c := a.container(t)
		manifest, _, _ := a.segments(t, c)
		manifest[1]["etag"] = "00000000000000000000000000000000"
		out := a.want(t, 400, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		assert.Contains(t, string(out.raw), str(manifest[1], "path")+", Etag Mismatch")
		manifest[1]["path"] = c + "/big/nothing"
		out = a.want(t, 400, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		assert.Contains(t, string(out.raw), c+"/big/nothing, 404 Not Found")
		a.want(t, 400, "PUT", "swift", c+"/slo?multipart-manifest=put", "not a manifest")
	}},
	{"a manifest goes alone or with its segments", func(t *testing.T, a *actor) {
		c := a.container(t)
		manifest, _, _ := a.segments(t, c)
		a.want(t, 201, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		a.want(t, 204, "DELETE", "swift", c+"/slo", nil)
		assert.Equal(t, []string{"big/0", "big/1", "big/2"}, lines(a.want(t, 200, "GET", "swift", c, nil)))
		a.want(t, 201, "PUT", "swift", c+"/slo?multipart-manifest=put", manifest)
		out := a.want(t, 200, "DELETE", "swift", c+"/slo?multipart-manifest=delete", nil)
		assert.Contains(t, string(out.raw), "Number Deleted: 4")
		a.want(t, 204, "GET", "swift", c, nil)
	}},
	{"a dynamic large object is what has the prefix", func(t *testing.T, a *actor) {
		c, parts := a.container(t), a.container(t)
		_, whole, etag := a.segments(t, parts)
		a.want(t, 201, "PUT", "swift", c+"/dlo", "", "X-Object-Manifest", parts[1:]+"/big/")
		got := a.want(t, 200, "GET", "swift", c+"/dlo", nil)
		assert.True(t, bytes.Equal(whole, got.raw))
		assert.Equal(t, []string{parts[1:] + "/big/", etag}, []string{got.header.Get("X-Object-Manifest"), got.header.Get("Etag")})
		out := a.want(t, 206, "GET", "swift", c+"/dlo", nil, "Range", fmt.Sprintf("bytes=%d-%d", len(chunk), len(chunk)+9))
		assert.True(t, bytes.Equal(whole[len(chunk):len(chunk)+10], out.raw))
		a.want(t, 201, "PUT", "swift", parts+"/big/3", "more")
		assert.True(t, bytes.Equal(append(whole, "more"...), a.want(t, 200, "GET", "swift", c+"/dlo", nil).raw))
		listed := a.want(t, 200, "GET", "swift", c+"?format=json", nil)
		assert.Equal(t, 0.0, listed.at(0, "bytes"))
	}},
	{"a dynamic large object goes alone", func(t *testing.T, a *actor) {
		c := a.container(t)
		a.segments(t, c)
		a.want(t, 201, "PUT", "swift", c+"/dlo", "", "X-Object-Manifest", c[1:]+"/big/")
		a.want(t, 204, "DELETE", "swift", c+"/dlo", nil)
		assert.Equal(t, []string{"big/0", "big/1", "big/2"}, lines(a.want(t, 200, "GET", "swift", c, nil)))
	}},
	{"a key of a container opens an object for a time", func(t *testing.T, a *actor) {
		c := a.container(t, "X-Container-Meta-Temp-URL-Key", "a key of hers")
		a.want(t, 201, "PUT", "swift", c+"/a", "text")
		soon := time.Now().Add(time.Minute)
		out := request(t.Context(), "GET", a.signed(t, "GET", c+"/a", "a key of hers", soon), nil, nil)
		assert.Equal(t, 200, out.status, "%s", out.raw)
		assert.Equal(t, "text", string(out.raw))
		assert.Contains(t, out.header.Get("Content-Disposition"), `filename="a"`)
		assert.Equal(t, 200, request(t.Context(), "HEAD", a.signed(t, "GET", c+"/a", "a key of hers", soon), nil, nil).status)
		for what, address := range map[string]string{"a wrong key": a.signed(t, "GET", c+"/a", "another", soon),
			"too late":       a.signed(t, "GET", c+"/a", "a key of hers", time.Now().Add(-time.Minute)),
			"another object": strings.Replace(a.signed(t, "GET", c+"/a", "a key of hers", soon), "/a?", "/b?", 1)} {
			out := request(t.Context(), "GET", address, nil, nil)
			assert.Equal(t, 401, out.status, what)
			assert.Contains(t, string(out.raw), "401 Unauthorized: Temp URL invalid", what)
		}
		assert.Equal(t, 401, request(t.Context(), "PUT", a.signed(t, "GET", c+"/a", "a key of hers", soon), "x", nil).status)
	}},
	{"a key lets an object in", func(t *testing.T, a *actor) {
		c := a.container(t, "X-Container-Meta-Temp-URL-Key-2", "second")
		out := request(t.Context(), "PUT", a.signed(t, "PUT", c+"/in", "second", time.Now().Add(time.Minute)), "text", nil)
		assert.Equal(t, 201, out.status, "%s", out.raw)
		assert.Equal(t, "text", string(a.want(t, 200, "GET", "swift", c+"/in", nil).raw))
		a.want(t, 204, "POST", "swift", c, nil, "X-Remove-Container-Meta-Temp-URL-Key-2", "x")
		assert.Equal(t, 401, request(t.Context(), "PUT", a.signed(t, "PUT", c+"/in", "second", time.Now().Add(time.Minute)), "text", nil).status)
	}},
}
