// Command mkimage turns a root directory into an image for "ctr images import", without a registry or a daemon.
//
//	mkimage ROOTFS NAME:TAG OUT.tar [ENTRYPOINT [ARG...]]
package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("usage: mkimage ROOTFS NAME:TAG OUT.tar [ENTRYPOINT [ARG...]]")
	}
	if err := build(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		log.Fatal("mkimage: ", err)
	}
}

// build writes an archive of one layer in the docker format.
func build(root, name, out string, entrypoint []string) error {
	layer := out + ".layer"
	defer os.Remove(layer)
	digest, err := writeLayer(root, layer)
	if err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": entrypoint, "Env": []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest}},
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(config)
	configName := hex.EncodeToString(sum[:]) + ".json"
	manifest, err := json.Marshal([]map[string]any{{"Config": configName, "RepoTags": []string{name},
		"Layers": []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	return writeArchive(out, layer, []file{{configName, config}, {"manifest.json", manifest}})
}

type file struct {
	name    string
	content []byte
}

func writeArchive(out, layer string, files []file) error {
	o, err := os.Create(out)
	if err != nil {
		return err
	}
	defer o.Close()
	w := tar.NewWriter(o)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			return err
		}
		if _, err := w.Write(f.content); err != nil {
			return err
		}
	}
	l, err := os.Open(layer)
	if err != nil {
		return err
	}
	defer l.Close()
	info, err := l.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: "layer.tar", Mode: 0o644, Size: info.Size()}); err != nil {
		return err
	}
	if _, err := io.Copy(w, l); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return o.Close()
}
