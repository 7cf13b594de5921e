package filebackup_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ncw/swift/v2"
	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/filebackup"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
)

func newDuplicityLab(t *testing.T) *lab {
	t.Helper()
	l := newLab(t)
	l.rules.Engine = backup.Duplicity
	return l
}

// lossy returns the tree as duplicity restores it: times in whole seconds, no times of links, and hard links as copies.
func lossy(tree map[string]string) map[string]string {
	out := map[string]string{}
	for name, line := range tree {
		words := strings.Split(line, " ")
		if words[2], _, _ = strings.Cut(words[2], "."); line[0] == 'L' {
			words[2] = ""
		}
		line = strings.Join(words, " ")
		line, _, _ = strings.Cut(line, " = ")
		out[name] = line
	}
	return out
}

// lists requires that the file list of a backup matches the tree, in the order of a walk.
func (l *lab) lists(b backup.Backup, tree map[string]string) {
	l.t.Helper()
	var have, want []string
	require.NoError(l.t, l.Records.Entries(l.t.Context(), b.ID, func(e backup.FileEntry) error {
		if rel, ok := strings.CutPrefix(e.Path, l.data+"/"); ok {
			have = append(have, fmt.Sprintf("%s %o %d:%d %d %d", rel, e.Mode, e.UID, e.GID, e.MTime.Unix(), e.Size))
		}
		return nil
	}))
	require.NoError(l.t, filepath.WalkDir(l.data, func(name string, e fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(name, l.data+"/")
		if _, kept := tree[rel]; err != nil || !kept {
			return err
		}
		info, err := e.Info()
		stat, size := info.Sys().(*syscall.Stat_t), int64(0)
		if info.Mode().IsRegular() {
			size = info.Size()
		}
		want = append(want, fmt.Sprintf("%s %o %d:%d %d %d", rel, stat.Mode&0o7777, stat.Uid, stat.Gid, stat.Mtim.Sec, size))
		return err
	}))
	require.Equal(l.t, want, have)
}

// soon waits for the next second, because duplicity names its sets by seconds.
func soon() { time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1100 * time.Millisecond))) }

func TestDuplicity_restore(t *testing.T) {
	l := newDuplicityLab(t)
	l.furnish()
	one, err := l.BackUpFiles(t.Context(), l.input("plan:p1~1"))
	require.NoError(t, err)
	require.Equal(t, backup.Duplicity, one.Engine)
	require.Equal(t, "mcm-duplicity-"+instance, one.Container)
	require.Empty(t, one.Parent)
	require.Greater(t, one.SizeBytes, int64(8<<20))
	require.Greater(t, one.ChangedBytes, int64(0))
	require.Less(t, one.ChangedBytes, int64(1<<20), "holes pack well")
	before := tree(t, l.data)
	delete(before, "skip.cache")
	page, err := l.Records.Files(t.Context(), one.ID, l.data, "", 100, "")
	require.NoError(t, err)
	have := map[string]backup.FileEntry{}
	for _, e := range page.Items {
		have[filepath.Base(e.Path)] = e
	}
	require.NotContains(t, have, "skip.cache")
	require.Equal(t, backup.EntryLink, have["link"].Type)
	require.Equal(t, backup.EntryDir, have["empty"].Type)
	require.EqualValues(t, 8<<20+3, have["sparse.img"].Size)
	require.EqualValues(t, 0o4755, have["run.sh"].Mode)
	require.Equal(t, "2020-02-03T04:05:06Z", have["a.txt"].MTime.Format(time.RFC3339))
	found, err := l.Records.Files(t.Context(), one.ID, "/", "日本", 100, "")
	require.NoError(t, err)
	require.Len(t, found.Items, 1)

	out, err := l.restore(one, filepath.Join(l.host.dir, "restore"), "t1")
	require.NoError(t, err)
	require.True(t, out.Checked)
	require.Equal(t, lossy(before), lossy(tree(t, out.Target+l.data)))
	again, err := l.restore(one, filepath.Join(l.host.dir, "restore"), "t1")
	require.NoError(t, err, "retry")
	require.Equal(t, out, again)
	other, err := l.restore(one, filepath.Join(l.host.dir, "restore"), "t2")
	require.NoError(t, err)
	require.Equal(t, out.Target+".1", other.Target, "existing files are never changed")

	odd := filepath.Join(l.data, "odd [1]*?$(id) 'q\"")
	some, err := l.restore(one, filepath.Join(l.host.dir, "some"), "t", odd, filepath.Join(l.data, "ünï çode"), filepath.Join(l.data, "a.txt"))
	require.NoError(t, err)
	require.EqualValues(t, 3, some.Files)
	require.FileExists(t, some.Target+filepath.Join(odd, "x y.txt"))
	_, err = l.restore(one, "/x", "t3", "/etc/passwd")
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	// A restore to the original paths replaces existing files, and nothing else.
	live := l.write("not in the backup.txt", "stays")
	elsewhere := filepath.Join(l.host.dir, "elsewhere")
	require.NoError(t, os.WriteFile(elsewhere, []byte("must stay"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(l.data, "run.sh")))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(l.data, "run.sh")))
	require.NoError(t, os.RemoveAll(filepath.Join(l.data, "many")))
	l.write("a.txt", "damaged")
	_, err = l.restore(one, "/", "t4")
	require.NoError(t, err)
	raw, err := os.ReadFile(elsewhere)
	require.NoError(t, err)
	require.Equal(t, "must stay", string(raw))
	after := tree(t, l.data)
	require.Contains(t, after, filepath.Base(live))
	delete(after, filepath.Base(live))
	delete(after, "skip.cache")
	require.Equal(t, lossy(before), lossy(after))
	l.leavesNothing()
}

func TestDuplicity_chains(t *testing.T) {
	l := newDuplicityLab(t)
	l.furnish()
	noise := make([]byte, 3<<20)
	_, _ = rand.Read(noise)
	l.write("big.bin", string(noise))
	var made []backup.Backup
	var trees []map[string]string
	for n := range 4 {
		l.write("log.txt", strings.Repeat("line\n", 1000*(n+1)))
		l.write(fmt.Sprintf("new-%d.txt", n), strings.Repeat(fmt.Sprint(n), 10_000))
		if n == 2 {
			require.NoError(t, os.RemoveAll(filepath.Join(l.data, "many")))
			require.NoError(t, os.Remove(filepath.Join(l.data, "new-0.txt")))
			l.write("ünï çode/more/日本-2.txt", "unicode")
		}
		soon()
		b, err := l.BackUpFiles(t.Context(), l.input(fmt.Sprintf("run~%d", n)))
		require.NoError(t, err)
		made, trees = append(made, b), append(trees, tree(t, l.data))
		delete(trees[n], "skip.cache")
		l.lists(b, trees[n])
		if n > 0 {
			require.Equal(t, made[n-1].Snapshot, b.Parent)
			require.Less(t, b.ChangedBytes, made[0].ChangedBytes/4)
		}
		t.Logf("%d: size %d changed %d in %.1f s", n, b.SizeBytes, b.ChangedBytes, b.Duration)
	}
	for _, n := range []int{0, 2, 3} {
		out, err := l.restore(made[n], filepath.Join(l.host.dir, fmt.Sprint("restore-", n)), "t")
		require.NoError(t, err)
		require.Equal(t, lossy(trees[n]), lossy(tree(t, out.Target+l.data)))
	}
	verify := filebackup.VerifyFilesInput{Backup: made[1], Address: "10.0.0.9", HostKey: l.host.hostKey()}
	for _, verify.RestoreTest = range []bool{false, true} {
		v, err := l.VerifyFiles(t.Context(), verify)
		require.NoError(t, err)
		require.True(t, v.OK, v.Detail)
	}

	forget := filebackup.ForgetSnapshotsInput{Instance: instance, Engine: backup.Duplicity, Snapshots: []string{made[1].Snapshot}}
	require.Equal(t, fault.Invalid, fault.KindOf(l.ForgetSnapshots(t.Context(), forget)), "later ones depend on it")
	list, err := l.Records.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 4)
	forget.Snapshots = []string{made[3].Snapshot, made[2].Snapshot, "p1.20200101T000000Z"}
	require.NoError(t, l.ForgetSnapshots(t.Context(), forget))
	require.NoError(t, l.ForgetSnapshots(t.Context(), forget), "retry")
	list, err = l.Records.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 2)
	verify.Backup, verify.RestoreTest = made[3], false
	v, err := l.VerifyFiles(t.Context(), verify)
	require.NoError(t, err)
	require.Equal(t, "the backup is not in its repository any more", v.Detail.String())
	_, err = l.restore(made[2], filepath.Join(l.host.dir, "gone"), "t")
	require.Equal(t, fault.NotFound, fault.KindOf(err), "never restores an older one")

	// Without the local cache, the chain is continued.
	require.NoError(t, os.RemoveAll(filepath.Join(l.host.dir, "var/cache/mcm-backup")))
	soon()
	b, err := l.BackUpFiles(t.Context(), l.input("run~5"))
	require.NoError(t, err)
	require.Equal(t, made[1].Snapshot, b.Parent)
	l.lists(b, trees[3])
	out, err := l.restore(b, filepath.Join(l.host.dir, "last"), "t")
	require.NoError(t, err)
	require.Equal(t, lossy(trees[3]), lossy(tree(t, out.Target+l.data)))

	left, err := l.DeleteOrphanedBackups(t.Context(), filebackup.DeleteOrphanedBackupsInput{Instance: instance, Snapshots: []string{b.Snapshot}})
	require.NoError(t, err)
	require.Zero(t, left.Remaining, "a set is deleted without the engine")
	_, err = l.DeleteOrphanedBackups(t.Context(), filebackup.DeleteOrphanedBackupsInput{Instance: instance, Snapshots: []string{made[0].Snapshot, made[1].Snapshot}})
	require.NoError(t, err)
	store, err := l.Cloud.Objects(t.Context())
	require.NoError(t, err)
	_, _, err = store.Container(t.Context(), b.Container)
	require.ErrorIs(t, err, swift.ContainerNotFound)
	l.leavesNothing()
}

// An attempt that is interrupted between signatures and manifest leaves signatures that are newer than the last complete set.
// The name is short, because it is part of the path of gpg's socket, which is limited to 107 bytes.
func TestDuplicity_after_crash(t *testing.T) {
	l := newDuplicityLab(t)
	l.furnish()
	one, err := l.BackUpFiles(t.Context(), l.input("plan:p1~1"))
	require.NoError(t, err)
	store, err := l.Cloud.Objects(t.Context())
	require.NoError(t, err)
	soon()
	_, at, _ := strings.Cut(one.Snapshot, ".")
	signatures, err := store.ObjectGetBytes(t.Context(), one.Container, "p1/duplicity-full-signatures."+at+".sigtar.gpg")
	require.NoError(t, err)
	orphan := "p1/duplicity-new-signatures." + at + ".to." + time.Now().UTC().Format("20060102T150405Z") + ".sigtar.gpg"
	run := sha256.Sum256([]byte("plan:p1~2"))
	_, err = store.ObjectPut(t.Context(), one.Container, orphan, bytes.NewReader(signatures), false, "", "", swift.Headers{swiftproxy.RunHeader: hex.EncodeToString(run[:16])})
	require.NoError(t, err)
	soon()
	l.write("new.txt", "new")
	two, err := l.BackUpFiles(t.Context(), l.input("plan:p1~2"))
	require.NoError(t, err)
	require.Equal(t, one.Snapshot, two.Parent, "it is an incremental backup")
	require.Less(t, two.ChangedBytes, one.ChangedBytes/2)
	_, _, err = store.Object(t.Context(), one.Container, orphan)
	require.ErrorIs(t, err, swift.ObjectNotFound)
}

// The manager crashes during a backup, and once at its end: each task has exactly one backup.
func TestDuplicity_retry(t *testing.T) {
	l := newDuplicityLab(t)
	noise := make([]byte, 24<<20)
	_, _ = rand.Read(noise)
	l.write("noise.bin", string(noise))
	after := filepath.Join(l.host.dir, "after ran")
	in := l.input("run~1")
	in.Plan.Soft.LimitKiB, in.Plan.Soft.PostHook = 2048, "touch '"+after+"'"
	failed := make(chan error, 1)
	go func() {
		_, err := l.BackUpFiles(t.Context(), in)
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(running("duplicity", "full-if-older-than", l.host.dir)) > 0 }, time.Minute, 20*time.Millisecond)
	time.Sleep(2 * time.Second) // until the upload has started
	secret := backup.Password(l.Key, instance)
	for _, p := range running("", "") {
		require.NotContains(t, p, secret, "no argument shows it")
	}
	l.host.cut()
	require.Equal(t, fault.Unavailable, fault.KindOf(<-failed))
	require.Eventually(t, func() bool { return len(running("duplicity", l.host.dir)) == 0 }, 30*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { _, err := os.Stat(after); return err == nil }, 20*time.Second, 20*time.Millisecond)

	// The next successful backup deletes the leftovers of old attempts.
	store, err := l.Cloud.Objects(t.Context())
	require.NoError(t, err)
	dead := []string{"p1/duplicity-full.20200101T000000Z.vol1.difftar.gpg", "p1/duplicity-inc.20200201T000000Z.to.20200202T000000Z.vol1.difftar.gpg"}
	for _, name := range dead {
		require.NoError(t, store.ObjectPutString(t.Context(), "mcm-duplicity-"+instance, name, "dead", ""))
	}
	in.Plan.Soft = l.rules
	b, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	for _, name := range dead {
		_, _, err := store.Object(t.Context(), b.Container, name)
		require.ErrorIs(t, err, swift.ObjectNotFound, name)
	}
	again, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, b.ID, again.ID, "a retry finds the first backup")
	require.InDelta(t, b.ChangedBytes, again.ChangedBytes, 1<<16)

	// The record is missing: the next run lists the backup under its own task.
	require.NoError(t, l.Records.Delete(t.Context(), b.ID))
	l.write("more.txt", "more")
	soon()
	next, err := l.BackUpFiles(t.Context(), l.input("run~2"))
	require.NoError(t, err)
	require.Equal(t, b.Snapshot, next.Parent)
	list, err := l.Records.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, []string{"run~2", "run~1"}, []string{list[0].Task, list[1].Task})
	require.Equal(t, []string{l.data}, list[1].Directories)
	require.Equal(t, b.SizeBytes, list[1].SizeBytes)
	l.leavesNothing()
}

func TestDuplicity_errors(t *testing.T) {
	l := newDuplicityLab(t)
	l.write("a.txt", strings.Repeat("a", 100_000))
	in := l.input("run~1")
	in.Plan.Directories = append(in.Plan.Directories, l.data+"/nothing")
	b, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err, "a missing directory is reported")
	in.Task, in.Plan.Directories = "run~2", []string{l.data + "/nothing"}
	_, err = l.BackUpFiles(t.Context(), in)
	require.ErrorContains(t, err, "none of the directories exists")
	l.Key = append([]byte{1}, l.Key[1:]...)
	_, err = l.BackUpFiles(t.Context(), l.input("run~2"))
	require.ErrorContains(t, err, "it was created with another key")
	l.Key = make([]byte, 32)

	l.host.program("df", "#!/bin/sh\necho Filesystem\necho /dev/x 100 90 10 90% /\n")
	_, err = l.restore(b, filepath.Join(l.host.dir, "r"), "t")
	require.Equal(t, fault.Quota, fault.KindOf(err))
	require.NoDirExists(t, filepath.Join(l.host.dir, "r"))
	require.NoError(t, os.Remove(filepath.Join(l.host.dir, "bin/df")))

	store, err := l.Cloud.Objects(t.Context())
	require.NoError(t, err)
	names, err := store.ObjectNamesAll(t.Context(), b.Container, &swift.ObjectsOpts{Prefix: "p1/"})
	require.NoError(t, err)
	verify := filebackup.VerifyFilesInput{Backup: b, Address: "10.0.0.9", HostKey: l.host.hostKey()}
	for _, kind := range []string{"sigtar", "difftar"} {
		for _, name := range names {
			if !strings.Contains(name, kind) {
				continue
			}
			raw, err := store.ObjectGetBytes(t.Context(), b.Container, name)
			require.NoError(t, err)
			bad := append([]byte{}, raw...)
			bad[len(bad)/2] ^= 1
			require.NoError(t, store.ObjectPutBytes(t.Context(), b.Container, name, bad, ""))
			for _, restoreTest := range []bool{false, true} {
				if verify.RestoreTest = restoreTest; restoreTest && kind == "sigtar" {
					continue // a restore needs no signatures
				}
				v, err := l.VerifyFiles(t.Context(), verify)
				require.NoError(t, err)
				require.False(t, v.OK, kind)
				t.Log(kind, restoreTest, v.Detail)
			}
			require.NoError(t, store.ObjectPutBytes(t.Context(), b.Container, name, raw, ""))
		}
	}
	require.NoError(t, store.ObjectDelete(t.Context(), b.Container, names[len(names)-1]))
	v, err := l.VerifyFiles(t.Context(), verify)
	require.NoError(t, err)
	require.False(t, v.OK)
	t.Log(v.Detail)
	l.leavesNothing()
}
