package filebackup

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// RestoreFiles restores files of a backup with owners, modes, times and links. It never changes existing files: if the
// target directory is in use, it uses a new directory next to it, unless the target is "/". It is idempotent: a retry
// starts over in the directory of the previous attempt.
func (a *Activities) RestoreFiles(ctx context.Context, in RestoreFilesInput) (RestoreFilesResult, error) {
	out := RestoreFilesResult{}
	directory := path.Clean(cmp.Or(in.Target, DefaultTarget))
	if !path.IsAbs(directory) || strings.ContainsAny(directory, "\n\x00") {
		return out, fault.InvalidField("target", "%q is not an absolute path", in.Target)
	}
	s, err := a.open(ctx, target{instance: in.Backup.Instance, name: in.Name, host: ssh.Host{Address: in.Address, HostKey: in.HostKey},
		engineName: in.Backup.Engine, plan: planOf(in.Backup.Snapshot), access: swiftproxy.ReadOnly})
	if err != nil {
		return out, err
	}
	defer s.close()
	if !s.exists {
		return out, errSnapshotMissing
	}
	if err := s.begin(ctx); err != nil {
		return out, err
	}
	roots, err := rootsOf(in.Paths, in.Backup.Directories)
	if err != nil {
		return out, err
	}
	var only []string
	if len(in.Paths) > 0 {
		only = roots
	}
	want, err := s.expect(ctx, in.Backup, only)
	if err != nil {
		return out, err
	}
	if len(only) > 0 && !want.any {
		return out, fault.New(fault.NotFound, nil, "the backup has none of the paths that were asked for")
	}
	given := want.items(in.Backup.Snapshot, roots)
	if len(only) > 0 {
		given["includes"] = includes(s, roots)
	}
	given["target"], given["task"] = directory, in.Task
	o, err := s.restore(ctx, "restore", given, want)
	if err != nil {
		return out, err
	}
	out = RestoreFilesResult{Files: o.files, Bytes: o.bytes, Target: o.target, Checked: want.met(o)}
	s.logMessage(tasklog.Info, i18n.Messagef("%d files, %s, are in %s", o.files, humanize.IBytes(uint64(max(0, o.bytes))), o.target))
	if !out.Checked {
		return out, fault.New(fault.Internal, nil, "%s: %d files of %d bytes are in %s, the backup has %d of %d", s.name, o.files, o.bytes, o.target, want.files, want.bytes)
	}
	return out, nil
}

// rootsOf returns the paths to restore, without paths below other paths.
func rootsOf(paths, directories []string) ([]string, error) {
	if len(paths) == 0 {
		paths = directories
	}
	roots := []string{}
	for _, p := range slices.Sorted(slices.Values(paths)) {
		if p = path.Clean(p); !path.IsAbs(p) || strings.ContainsAny(p, "\n\x00") {
			return nil, fault.InvalidField("paths", "%q is not an absolute path", p)
		}
		if !slices.ContainsFunc(roots, func(r string) bool { return under(p, r) }) {
			roots = append(roots, p)
		}
	}
	return roots, nil
}

// under reports whether a path is root or below it.
func under(name, root string) bool {
	return name == root || strings.HasPrefix(name, strings.TrimSuffix(root, "/")+"/")
}

func includes(e engine, roots []string) string {
	var out []string
	for _, r := range roots {
		out = append(out, e.pattern(r))
	}
	return fileLines(out)
}

// expectation counts the files and bytes that a restore must return.
type expectation struct {
	files, bytes int64
	any          bool // at least one entry matches the paths, even if only a directory
	inexact      bool // the bytes are approximate: they were not counted while the files were read
}

// expect counts the files of a backup at the paths, by default all. It uses the record, the stored file list or the
// engine, whichever is fastest.
func (s *repository) expect(ctx context.Context, b backup.Backup, paths []string) (expectation, error) {
	want, err := s.expectedFiles(ctx, b)
	if err != nil {
		return want, err
	}
	if len(paths) == 0 && b.FileCount > 0 {
		want.files, want.bytes = b.FileCount, b.SizeBytes
		return want, nil
	}
	add := func(e backup.FileEntry) error {
		if len(paths) == 0 || slices.ContainsFunc(paths, func(p string) bool { return under(e.Path, p) }) {
			want.count(e)
		}
		return nil
	}
	err = s.records.Entries(ctx, b.ID, add)
	if fault.KindOf(err) == fault.NotFound {
		err = s.list(ctx, b, add)
	}
	return want, err
}

func (w *expectation) count(e backup.FileEntry) {
	w.any = true
	if e.Type == backup.EntryFile {
		w.files++
		w.bytes += e.Size
	}
}

// met reports whether a restore has returned the expected files.
func (w expectation) met(o *commandResult) bool {
	return o.files == w.files && (w.inexact || o.bytes == w.bytes)
}

// items returns the input of every kind of restore.
func (w expectation) items(snapshot string, roots []string) scriptInput {
	return scriptInput{"snapshot": snapshot, "roots": fileLines(roots), "includes": "", "need": strconv.FormatInt(w.bytes, 10)}
}

// restore runs a restore and reports the downloaded bytes as progress.
func (s *repository) restore(ctx context.Context, verb string, given scriptInput, want expectation) (*commandResult, error) {
	from := s.proxy.BytesDownloaded()
	quiet := throttled(ctx, func() i18n.Message {
		return i18n.Messagef("%s read from the storage, %s to restore", humanize.IBytes(uint64(s.proxy.BytesDownloaded()-from)), humanize.IBytes(uint64(max(0, want.bytes))))
	})
	defer quiet()
	o, err := s.run(ctx, verb, given, nil)
	if err == nil && o.full {
		return o, fault.New(fault.Quota, nil, "%s: %s are free in the target directory, %s are needed", s.name, humanize.IBytes(uint64(max(0, o.free))), humanize.IBytes(uint64(max(0, want.bytes))))
	}
	if err == nil {
		err = s.asFault(o)
	}
	return o, err
}
