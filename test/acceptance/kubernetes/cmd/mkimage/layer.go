package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// writeLayer archives everything below root and returns the SHA-256 of the archive.
func writeLayer(root, out string) (digest string, err error) {
	f, err := os.Create(out)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	w := tar.NewWriter(io.MultiWriter(f, hash))
	l := layer{writer: w, root: root, first: map[uint64]string{}}
	if err := filepath.WalkDir(root, l.add); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), f.Close()
}

// layer records the first name of every file with several hard links.
type layer struct {
	writer *tar.Writer
	root   string
	first  map[uint64]string
}

func (l layer) add(path string, d fs.DirEntry, err error) error {
	if err != nil || path == l.root || d.Type()&fs.ModeSocket != 0 {
		return err
	}
	header, err := l.header(path, d)
	if err != nil {
		return err
	}
	if err := l.writer.WriteHeader(header); err != nil || header.Typeflag != tar.TypeReg {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(l.writer, f)
	return err
}

func (l layer) header(path string, d fs.DirEntry) (*tar.Header, error) {
	info, err := d.Info()
	if err != nil {
		return nil, err
	}
	target := ""
	if d.Type()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(path); err != nil {
			return nil, err
		}
	}
	h, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return nil, err
	}
	if h.Name, err = filepath.Rel(l.root, path); err != nil {
		return nil, err
	}
	h.Uname, h.Gname = "", "" // names have another meaning in the image
	if d.IsDir() {
		h.Name += "/"
	}
	if st := info.Sys().(*syscall.Stat_t); info.Mode().IsRegular() && st.Nlink > 1 {
		if first, ok := l.first[st.Ino]; ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
		} else {
			l.first[st.Ino] = h.Name
		}
	}
	return h, nil
}
