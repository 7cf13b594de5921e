package glance

import (
	"crypto/md5" // the API's checksum
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"mycloudmanager/sandbox/sim"
)

func decode(raw []byte, into any) error { return json.Unmarshal(raw, into) }

func (s *Service) blob(id string) string { return s.cloud.Blob("image-" + id) }

// upload stores the bytes of an image. It runs without the lock; the state changes before and after the upload.
func (s *Service) upload(r *sim.Request) (any, error) {
	var err error
	s.cloud.Locked(func() {
		var o sim.Document
		if o, err = s.find(r, true); err == nil && sim.Str(o, "status") != "queued" {
			err = sim.Conflict("Image status transition from %s to saving is not allowed", sim.Str(o, "status"))
		}
		if err == nil {
			o["status"] = "saving"
			s.touch(o)
		}
	})
	if err != nil {
		return nil, err
	}
	size, sums, err := s.save(r)
	s.cloud.Locked(func() {
		o := s.cloud.Get(Images, r.ID())
		if o == nil {
			err = errors.Join(err, sim.NewFault(410, "Image %s could not be found after upload", r.ID()))
			return
		}
		o["status"] = "queued"
		if err == nil {
			s.activate(o, size, sums[0], sums[1])
		}
		s.touch(o)
	})
	return nil, err
}

func (s *Service) activate(o sim.Document, size int64, md5sum, sha string) {
	sim.Merge(o, sim.Document{"status": "active", "size": size, "checksum": md5sum, "os_hash_algo": "sha512",
		"os_hash_value": sha, "virtual_size": nil})
}

func (s *Service) save(r *sim.Request) (int64, [2]string, error) {
	var sums [2]string
	path := s.blob(r.ID())
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, sums, err
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, sums, err
	}
	m, h := md5.New(), sha512.New()
	size, err := io.Copy(io.MultiWriter(f, m, h), r.Request.Body)
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, sums, errors.Join(err, os.Remove(path+".part"))
	}
	sums = [2]string{hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(h.Sum(nil))}
	return size, sums, os.Rename(path+".part", path)
}

func (s *Service) download(r *sim.Request) (any, error) {
	var o sim.Document
	var err error
	s.cloud.Locked(func() {
		if o, err = s.find(r, false); err == nil {
			o = sim.Copy(o)
		}
	})
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.blob(r.ID()))
	if errors.Is(err, os.ErrNotExist) {
		return sim.Reply{Status: http.StatusNoContent}, nil // images of the initial state have no data
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	h := r.Writer.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Md5", sim.Str(o, "checksum"))
	http.ServeContent(r.Writer, r.Request, "", time.Time{}, f)
	return sim.Done, nil
}

func (s *Service) removeBlob(id string) {
	if err := os.Remove(s.blob(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.cloud.Log().Warn("image bytes not removed", "image", id, "error", err)
	}
}

// Empty activates an image that has no data.
func Empty(c *sim.Cloud, image string) {
	s := &Service{cloud: c}
	if o := c.Get(Images, image); o != nil {
		sim.Merge(o, sim.Document{"status": "active", "size": 0})
		s.touch(o)
	}
}

// Snapshot gives a queued image the data of a server: a text that names both, so that tests can identify the
// image a server was restored from.
func Snapshot(c *sim.Cloud, image string, text []byte) {
	s := &Service{cloud: c}
	o := c.Get(Images, image)
	if o == nil {
		return
	}
	path := s.blob(image)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		c.Log().Error("image bytes not written", "image", image, "error", err)
		o["status"] = "killed"
		s.touch(o)
		return
	}
	m, h := md5.Sum(text), sha512.Sum512(text)
	s.activate(o, int64(len(text)), hex.EncodeToString(m[:]), hex.EncodeToString(h[:]))
	s.touch(o)
}
