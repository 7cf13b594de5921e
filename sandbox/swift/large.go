package swift

import (
	"crypto/md5" // the API's checksum
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sort"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// part is a byte range of an object.
type part struct {
	file string
	size int64
	hash string
}

// parts returns the files of an object: its own, or those of its segments.
// https://docs.openstack.org/swift/latest/overview_large_objects.html
func (s *Service) parts(o sim.Document) []part {
	project := sim.Str(o, "project")
	var out []part
	add := func(seg sim.Document) {
		if seg["_segments"] != nil || sim.Str(seg, "_manifest") != "" {
			out = append(out, s.parts(seg)...)
			return
		}
		out = append(out, part{s.blob(sim.Str(seg, "_blob")), int64(sim.Int(seg, "bytes")), sim.Str(seg, "hash")})
	}
	switch {
	case o["_segments"] != nil:
		for _, ref := range sim.Objs(o, "_segments") {
			if seg := s.cloud.Get(Objects, project+sim.Str(ref, "name")); seg != nil {
				add(seg)
			}
		}
	case sim.Str(o, "_manifest") != "":
		container, prefix, _ := strings.Cut(sim.Str(o, "_manifest"), "/")
		segs := s.cloud.Where(Objects, func(seg sim.Document) bool {
			return sim.Str(seg, "_container") == project+"/"+container && strings.HasPrefix(sim.Str(seg, "name"), prefix) &&
				sim.Str(seg, "id") != sim.Str(o, "id")
		})
		sort.Slice(segs, func(i, j int) bool { return sim.Str(segs[i], "name") < sim.Str(segs[j], "name") })
		for _, seg := range segs {
			add(seg)
		}
	default:
		add(o)
	}
	return out
}

// combined is the ETag of a large object: the checksum of its segments' checksums.
func combined(parts []part) string {
	h := md5.New()
	for _, p := range parts {
		_, _ = io.WriteString(h, p.hash) // writing to a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}

// putManifest creates a static large object from segments, which must exist and match their description.
func (s *Service) putManifest(r *sim.Request, t target) (any, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Request.Body, 8<<20))
	if err != nil {
		return nil, err
	}
	var want []struct {
		Path string `json:"path"`
		Etag string `json:"etag"`
		Size *int   `json:"size_bytes"`
	}
	if json.Unmarshal(raw, &want) != nil || len(want) == 0 {
		return nil, sim.BadRequest("Manifest must be valid JSON.\n")
	}
	var sum string
	s.cloud.Locked(func() {
		if err = s.mayPut(r, t); err != nil {
			return
		}
		total, problems := 0, ""
		var refs []any
		var hashes []part
		for _, w := range want {
			name := "/" + strings.TrimPrefix(w.Path, "/")
			seg := s.cloud.Get(Objects, t.project+name)
			switch {
			case seg == nil:
				problems += name + ", 404 Not Found\n"
				continue
			case w.Etag != "" && w.Etag != sim.Str(seg, "hash"):
				problems += name + ", Etag Mismatch\n"
			case w.Size != nil && *w.Size != sim.Int(seg, "bytes"):
				problems += name + ", Size Mismatch\n"
			}
			total += sim.Int(seg, "bytes")
			hashes = append(hashes, part{hash: sim.Str(seg, "hash")})
			refs = append(refs, sim.Document{"name": name, "bytes": seg["bytes"], "hash": seg["hash"], "content_type": seg["content_type"],
				"last_modified": seg["last_modified"]})
		}
		if problems != "" {
			err = sim.BadRequest("Errors:\n%s", problems)
			return
		}
		sum = combined(hashes)
		s.write(r, t, sim.Document{"bytes": total, "hash": sum, "_segments": refs})
	})
	return created(`"` + sum + `"`), err
}

// reader reads the parts of an object in sequence and supports Seek for ranges.
type reader struct {
	parts []part
	total int64
	at    int64
	open  *os.File
	index int
}

func newReader(parts []part) *reader {
	r := &reader{parts: parts, index: -1}
	for _, p := range parts {
		r.total += p.size
	}
	return r
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.total
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	r.at = offset
	return offset, r.Close()
}

// Close closes the open file.
func (r *reader) Close() error {
	r.index = -1
	if r.open == nil {
		return nil
	}
	f := r.open
	r.open = nil
	return f.Close()
}

// Read implements io.Reader.
func (r *reader) Read(b []byte) (int, error) {
	start := int64(0)
	for i, p := range r.parts {
		if r.at >= start+p.size {
			start += p.size
			continue
		}
		if r.index != i {
			if err := r.Close(); err != nil {
				return 0, err
			}
			f, err := os.Open(p.file)
			if err != nil {
				return 0, err
			}
			r.open, r.index = f, i
		}
		left := start + p.size - r.at
		n, err := r.open.ReadAt(b[:min(int64(len(b)), left)], r.at-start)
		r.at += int64(n)
		if n > 0 {
			return n, nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the file is shorter than the object's size
		}
		return 0, err
	}
	return 0, io.EOF
}
