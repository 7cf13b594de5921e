package filebackup_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ncw/swift/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/filebackup"
	"mycloudmanager/deploy"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/sandbox/sandboxtest"
)

const instance = "0b0e2b8c-6f3c-4a5e-9d4a-3d1f6f0a7c11"

// lab runs a real engine on this machine with the object storage of a simulated cloud.
type lab struct {
	*filebackup.Activities
	t     testing.TB
	cloud *sandboxtest.Cloud
	host  *host
	data  string // directory that is backed up
	rules backup.FileOptions
}

func newLab(t *testing.T) *lab {
	t.Helper()
	t.Parallel()
	return newLabOf(t)
}

func newLabOf(t testing.TB) *lab {
	t.Helper()
	cloud := sandboxtest.Start(t)
	mine := signer(t)
	h := newHost(t, mine.PublicKey())
	scripts, err := backup.LoadScripts(deploy.Files)
	require.NoError(t, err)
	for name, text := range scripts {
		scripts[name] = h.here(text)
	}
	manager := openstack.New(cloud.AuthURL, "demo", "demo", "demo")
	l := &lab{t: t, cloud: cloud, host: h, rules: backup.FileOptions{Excludes: []string{"*.cache"}}, data: filepath.Join(h.dir, "data"), Activities: &filebackup.Activities{
		Cloud: manager, SSH: &ssh.Dialer{Kubeconfig: &ssh.KubeconfigProvider{Kubeconfig: "given", Signer: mine, Dial: h.dial}},
		Records: &backup.Records{Store: manager.Objects}, Key: make([]byte, 32), Scripts: scripts, PollInterval: time.Millisecond,
	}}
	require.NoError(t, os.MkdirAll(l.data, 0o755))
	return l
}

func (l *lab) input(task string) filebackup.BackUpFilesInput {
	return filebackup.BackUpFilesInput{Instance: instance, Name: "web-1", Address: "10.0.0.9", HostKey: l.host.hostKey(), Task: task,
		Plan: backup.Plan{ID: "p1", Name: "nightly", Directories: []string{l.data}, Soft: l.rules}}
}

func (l *lab) restore(b backup.Backup, target, task string, paths ...string) (filebackup.RestoreFilesResult, error) {
	return l.RestoreFiles(l.t.Context(), filebackup.RestoreFilesInput{Backup: b, Instance: instance, Name: "web-1", Address: "10.0.0.9", HostKey: l.host.hostKey(), Target: target, Task: task, Paths: paths})
}

func (l *lab) write(name, text string) string {
	file := filepath.Join(l.data, name)
	require.NoError(l.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(l.t, os.WriteFile(file, []byte(text), 0o640))
	return file
}

// tree returns all properties of files that a backup keeps, by path.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	first := map[uint64]string{}
	require.NoError(t, filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		require.NoError(t, err)
		stat := info.Sys().(*syscall.Stat_t)
		rel, _ := filepath.Rel(root, name)
		line := fmt.Sprintf("%s %d:%d %d.%d", info.Mode(), stat.Uid, stat.Gid, stat.Mtim.Sec, stat.Mtim.Nsec)
		switch {
		case info.Mode().IsRegular():
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			line += fmt.Sprintf(" %d %x sparse=%v", info.Size(), sha256.Sum256(raw), info.Size() > 0 && stat.Blocks*512 < info.Size()/2)
			if stat.Nlink > 1 {
				if one, ok := first[stat.Ino]; ok {
					line += " = " + one
				} else {
					first[stat.Ino] = rel
				}
			}
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(name)
			require.NoError(t, err)
			line += " -> " + to
		}
		out[rel] = line
		return nil
	}))
	return out
}

// furnish creates a file for each property that a backup might lose.
func (l *lab) furnish() {
	for i := range 60 {
		l.write(fmt.Sprintf("many/%02d.txt", i), strings.Repeat(fmt.Sprintf("line of %d\n", i), 500))
	}
	one := l.write("a.txt", "one")
	require.NoError(l.t, os.Chmod(l.write("run.sh", "#!/bin/sh\n"), 0o755|os.ModeSetuid))
	require.NoError(l.t, os.Link(one, filepath.Join(l.data, "b.txt")))
	require.NoError(l.t, os.Symlink("a.txt", filepath.Join(l.data, "link")))
	require.NoError(l.t, os.Symlink("/nowhere", filepath.Join(l.data, "broken")))
	l.write("ünï çode/日本.txt", "unicode")
	l.write("odd [1]*?$(id) 'q\"/x y.txt", "quoted")
	l.write("skip.cache", "not kept")
	require.NoError(l.t, os.Mkdir(filepath.Join(l.data, "empty"), 0o700))
	sparse, err := os.Create(filepath.Join(l.data, "sparse.img"))
	require.NoError(l.t, err)
	_, err = sparse.WriteAt([]byte("end"), 8<<20)
	require.NoError(l.t, err)
	require.NoError(l.t, sparse.Close())
	if os.Getuid() == 0 {
		require.NoError(l.t, os.Chown(one, 1234, 4321))
		require.NoError(l.t, os.Lchown(filepath.Join(l.data, "link"), 77, 78))
	}
	old := time.Date(2020, 2, 3, 4, 5, 6, 123456789, time.UTC)
	require.NoError(l.t, os.Chtimes(one, old, old))
	require.NoError(l.t, os.Chtimes(filepath.Join(l.data, "sparse.img"), old, old))
	require.NoError(l.t, os.Chtimes(filepath.Join(l.data, "empty"), old, old))
}

func TestRestic_restore(t *testing.T) {
	l := newLab(t)
	l.furnish()
	one, err := l.BackUpFiles(t.Context(), l.input("plan:p1~1"))
	require.NoError(t, err)
	require.Greater(t, one.SizeBytes, int64(8<<20))
	require.Greater(t, one.ChangedBytes, int64(0))
	require.Less(t, one.ChangedBytes, int64(1<<20), "sparse regions take no space")
	require.Equal(t, backup.FileConsistency, one.Consistency)
	before := tree(t, l.data)
	delete(before, "skip.cache")

	out, err := l.restore(one, filepath.Join(l.host.dir, "restore"), "t1")
	require.NoError(t, err)
	require.True(t, out.Checked)
	require.Equal(t, before, tree(t, out.Target+l.data))

	again, err := l.restore(one, filepath.Join(l.host.dir, "restore"), "t1")
	require.NoError(t, err, "retry")
	require.Equal(t, out, again)

	other, err := l.restore(one, filepath.Join(l.host.dir, "restore"), "t2")
	require.NoError(t, err)
	require.Equal(t, out.Target+".1", other.Target, "existing files are never changed")

	older := one
	older.FileCount = 0
	counted, err := l.restore(older, filepath.Join(l.host.dir, "older"), "t3")
	require.NoError(t, err, "a record without file counts")
	require.Equal(t, out.Files, counted.Files)
	require.Equal(t, one.FileCount, counted.Files)
	short := one
	short.FileCount++
	_, err = l.restore(short, filepath.Join(l.host.dir, "short"), "t4")
	require.ErrorContains(t, err, "the backup has", "a file is missing")
}

// A restore to the original paths replaces existing files, and nothing else.
func TestRestic_restore_in_place(t *testing.T) {
	l := newLab(t)
	l.furnish()
	b, err := l.BackUpFiles(t.Context(), l.input("run~1"))
	require.NoError(t, err)
	before := tree(t, l.data)
	live := l.write("not in the backup.txt", "stays")
	elsewhere := filepath.Join(l.host.dir, "elsewhere")
	require.NoError(t, os.WriteFile(elsewhere, []byte("must stay"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(l.data, "run.sh")))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(l.data, "run.sh")), "a restore must not write through it")
	require.NoError(t, os.RemoveAll(filepath.Join(l.data, "many")))
	l.write("a.txt", "damaged")
	before["not in the backup.txt"] = tree(t, live)["."]

	odd := "odd [1]*?$(id) 'q\"/x y.txt"
	damaged := l.write(odd, "damaged")
	out, err := l.restore(b, "/", "t1", filepath.Join(l.data, odd))
	require.NoError(t, err)
	require.EqualValues(t, 1, out.Files, "one path alone")
	require.Equal(t, before[odd], tree(t, damaged)["."])
	raw, err := os.ReadFile(filepath.Join(l.data, "a.txt"))
	require.NoError(t, err)
	require.Equal(t, "damaged", string(raw))

	for range 2 {
		out, err = l.restore(b, "/", "t2")
		require.NoError(t, err)
		require.Equal(t, "/", out.Target)
		require.Equal(t, before, tree(t, l.data))
	}
	raw, err = os.ReadFile(elsewhere)
	require.NoError(t, err)
	require.Equal(t, "must stay", string(raw))
	require.NoDirExists(t, filepath.Join(l.data, ".mcm-restore.d"))
	_, err = l.restore(b, "/", "t3", "/etc/passwd")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestRestic_incremental(t *testing.T) {
	l := newLab(t)
	l.furnish()
	asked := filepath.Join(l.host.dir, "asked")
	l.host.program("restic", "#!/bin/sh\necho \"$@\" >>"+asked+"; PATH=/usr/local/bin:/usr/bin:/bin exec restic \"$@\"")
	big := make([]byte, 3<<20)
	for i := range big {
		big[i] = byte(i * i >> 7)
	}
	l.write("big.bin", string(big))
	var made []backup.Backup
	var trees []map[string]string
	for n := range 4 {
		l.write("log.txt", strings.Repeat("line\n", 1000*(n+1)))
		l.write(fmt.Sprintf("new-%d.txt", n), strings.Repeat(fmt.Sprint(n), 10_000))
		b, err := l.BackUpFiles(t.Context(), l.input(fmt.Sprintf("run~%d", n)))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), b.CreatedAt, time.Minute)
		made, trees = append(made, b), append(trees, tree(t, l.data))
		delete(trees[n], "skip.cache")
		if n > 0 {
			require.Less(t, b.ChangedBytes, made[0].ChangedBytes/4)
		}
		t.Logf("%d: size %d changed %d in %.1f s", n, b.SizeBytes, b.ChangedBytes, b.Duration)
	}
	raw, err := os.ReadFile(asked)
	require.NoError(t, err)
	require.NotContains(t, string(raw), " snapshots ", "the snapshot is known: each command opens the repository again")
	for _, n := range []int{0, 2} {
		b := made[n]
		out, err := l.restore(b, filepath.Join(l.host.dir, fmt.Sprint("restore-", n)), "t")
		require.NoError(t, err)
		require.Equal(t, trees[n], tree(t, out.Target+l.data))
	}
	list, err := l.Records.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 4)

	verify := filebackup.VerifyFilesInput{Backup: made[1], Address: "10.0.0.9", HostKey: l.host.hostKey()}
	v, err := l.VerifyFiles(t.Context(), verify)
	require.NoError(t, err)
	require.True(t, v.OK, v.Detail)
	verify.RestoreTest = true
	v, err = l.VerifyFiles(t.Context(), verify)
	require.NoError(t, err)
	require.True(t, v.OK, v.Detail)

	forget := filebackup.ForgetSnapshotsInput{Instance: instance, Address: "10.0.0.9", HostKey: l.host.hostKey(), Snapshots: []string{made[0].Snapshot, made[1].Snapshot, "unknown"}}
	require.NoError(t, l.ForgetSnapshots(t.Context(), forget))
	require.NoError(t, l.ForgetSnapshots(t.Context(), forget), "retry")
	list, err = l.Records.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, list, 2)
	v, err = l.VerifyFiles(t.Context(), verify)
	require.NoError(t, err)
	require.False(t, v.OK)
	require.Equal(t, "the backup is not in its repository any more", v.Detail.String())
	out, err := l.restore(made[3], filepath.Join(l.host.dir, "last"), "t")
	require.NoError(t, err, "the others are intact")
	require.Equal(t, trees[3], tree(t, out.Target+l.data))
	l.leavesNothing()
}

// leavesNothing requires that no secret and no program remain on the instance, and no lock in the repository.
func (l *lab) leavesNothing() {
	for _, d := range []string{"run", "var/tmp"} {
		require.EventuallyWithT(l.t, func(c *assert.CollectT) {
			names, err := filepath.Glob(filepath.Join(l.host.dir, d, "mcm-*"))
			require.NoError(c, err)
			names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, ".lock") })
			require.Empty(c, names)
		}, 20*time.Second, 50*time.Millisecond)
	}
	store, err := l.Cloud.Objects(l.t.Context())
	require.NoError(l.t, err)
	locks, err := store.ObjectNamesAll(l.t.Context(), backup.ContainerOf(instance, l.rules.Engine), &swift.ObjectsOpts{Prefix: "locks/"})
	if !errors.Is(err, swift.ContainerNotFound) {
		require.NoError(l.t, err)
	}
	require.Empty(l.t, locks)
}

// The manager crashes during a backup: the engine on the instance stops, the post hook runs, and the next attempt is not
// blocked.
func TestRestic_manager_crashes(t *testing.T) {
	l := newLab(t)
	noise := make([]byte, 24<<20)
	_, _ = rand.Read(noise)
	l.write("noise.bin", string(noise))
	after := filepath.Join(l.host.dir, "after ran")
	in := l.input("run~1")
	in.Plan.Soft = backup.FileOptions{LimitKiB: 1024, PostHook: "touch '" + after + "'"}
	failed := make(chan error, 1)
	go func() {
		_, err := l.BackUpFiles(t.Context(), in)
		failed <- err
	}()
	store, err := l.Cloud.Objects(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		names, _ := store.ObjectNamesAll(t.Context(), backup.ContainerOf(instance, l.rules.Engine), &swift.ObjectsOpts{Prefix: "locks/"})
		return len(names) > 0 && len(running("restic", "--tag=mcm", l.host.dir)) > 0
	}, time.Minute, 20*time.Millisecond)
	secret := backup.Password(l.Key, instance)
	for _, p := range running("", "") {
		require.NotContains(t, p, secret, "no argument shows it")
	}
	l.host.cut()
	require.Equal(t, fault.Unavailable, fault.KindOf(<-failed))
	require.Eventually(t, func() bool { return len(running("restic", "--tag=mcm", l.host.dir)) == 0 }, 20*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { _, err := os.Stat(after); return err == nil }, 20*time.Second, 20*time.Millisecond)

	in.Plan.Soft = backup.FileOptions{}
	b, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	again, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, b.ID, again.ID, "a retry finds the first backup")
	require.InDelta(t, b.ChangedBytes, again.ChangedBytes, 1<<16)
	require.Equal(t, b.SizeBytes, again.SizeBytes)
	list, err := l.Records.List(t.Context(), instance)
	require.NoError(t, err)
	require.Len(t, list, 1)
	l.leavesNothing()
}

// running returns the command lines of processes that contain all words.
func running(words ...string) (out []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range all {
		raw, _ := os.ReadFile(p)
		line := strings.ReplaceAll(string(raw), "\x00", " ")
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) && line != "" {
			out = append(out, line)
		}
	}
	return out
}

func TestHooks(t *testing.T) {
	l := newLab(t)
	l.write("a.txt", "x")
	in := l.input("run~1")
	dump := filepath.Join(l.data, "dump.sql")
	in.Plan.Soft = backup.FileOptions{PreHook: "set -e\nx='two words'\nprintf '%s' \"$x\" >'" + dump + "'\nenv >'" + dump + ".env'", PostHook: "rm '" + dump + "'"}
	b, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	require.NoFileExists(t, dump)
	env, err := os.ReadFile(dump + ".env")
	require.NoError(t, err)
	require.NotContains(t, string(env), "OS_AUTH_TOKEN", "a hook gets no access to the storage")
	out, err := l.restore(b, filepath.Join(l.host.dir, "r"), "t", dump)
	require.NoError(t, err)
	raw, err := os.ReadFile(out.Target + dump)
	require.NoError(t, err)
	require.Equal(t, "two words", string(raw))

	in.Task, in.Plan.Soft = "run~2", backup.FileOptions{PreHook: "exit 7", PostHook: "exit 8"}
	_, err = l.BackUpFiles(t.Context(), in)
	require.ErrorContains(t, err, "the command before the backup failed with code 7")
	in.Plan.Soft.OnHookError = backup.HookContinue
	_, err = l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	l.leavesNothing()
}

func TestRestic_errors(t *testing.T) {
	l := newLab(t)
	l.write("a.txt", strings.Repeat("a", 100_000))
	b, err := l.BackUpFiles(t.Context(), l.input("run~1"))
	require.NoError(t, err)
	l.Key = append([]byte{1}, l.Key[1:]...)
	_, err = l.BackUpFiles(t.Context(), l.input("run~2"))
	require.ErrorContains(t, err, "it was created with another key")
	l.Key = make([]byte, 32)

	l.host.program("df", "#!/bin/sh\necho Filesystem\necho /dev/x 100 90 10 90% /\n")
	_, err = l.restore(b, filepath.Join(l.host.dir, "r"), "t")
	require.Equal(t, fault.Quota, fault.KindOf(err))
	require.ErrorContains(t, err, "10 KiB are free")
	require.NoDirExists(t, filepath.Join(l.host.dir, "r"))
	require.NoError(t, os.Remove(filepath.Join(l.host.dir, "bin/df")))

	verify := filebackup.VerifyFilesInput{Backup: b, Address: "10.0.0.9", HostKey: l.host.hostKey()}
	store, err := l.Cloud.Objects(t.Context())
	require.NoError(t, err)
	packs, err := store.ObjectNamesAll(t.Context(), b.Container, &swift.ObjectsOpts{Prefix: "data/"})
	require.NoError(t, err)
	for _, name := range packs { // damages the data
		raw, err := store.ObjectGetBytes(t.Context(), b.Container, name)
		require.NoError(t, err)
		raw[10] ^= 1
		require.NoError(t, store.ObjectPutBytes(t.Context(), b.Container, name, raw, ""))
	}
	for _, restoreTest := range []bool{false, true} {
		verify.RestoreTest = restoreTest
		v, err := l.VerifyFiles(t.Context(), verify)
		require.NoError(t, err)
		require.False(t, v.OK)
		require.NotEmpty(t, v.Detail.String())
		t.Log(v.Detail)
	}
	l.leavesNothing()
}

// A missing engine is installed from the distribution; a failure is reported with its reason.
func TestEngine_installed_if_missing(t *testing.T) {
	l := newLab(t)
	l.write("a.txt", "x")
	tools := filepath.Join(l.host.dir, "tools")
	require.NoError(t, os.Mkdir(tools, 0o700))
	for _, dir := range []string{"/bin", "/usr/bin", "/usr/sbin"} {
		names, _ := filepath.Glob(dir + "/*")
		for _, name := range names {
			if base := filepath.Base(name); base != "restic" && base != "apt-get" && base != "sudo" {
				_ = os.Symlink(name, filepath.Join(tools, base)) // some are in two directories
			}
		}
	}
	restic, err := exec.LookPath("restic")
	require.NoError(t, err)
	l.host.path = filepath.Join(l.host.dir, "bin") + ":" + tools
	asked := filepath.Join(l.host.dir, "asked")
	l.host.program("apt-get", "#!/bin/sh\necho \"$@\" >>'"+asked+"'\ncase $* in *install*) echo 'E: Unable to locate package restic'; exit 100 ;; esac\n")
	_, err = l.BackUpFiles(t.Context(), l.input("run~1"))
	require.ErrorContains(t, err, "cannot install restic")

	l.host.program("apt-get", "#!/bin/sh\ncase $* in *install*restic*) ln -s '"+restic+"' '"+tools+"/restic' ;; esac\n")
	_, err = l.BackUpFiles(t.Context(), l.input("run~1"))
	require.NoError(t, err)
	raw, err := os.ReadFile(asked)
	require.NoError(t, err)
	require.Contains(t, string(raw), "install --no-install-recommends restic")
}

// A crashed machine does not close its connections: the heartbeats stop.
func TestRestic_missing_heartbeats(t *testing.T) {
	l := newLab(t)
	noise := make([]byte, 24<<20)
	_, _ = rand.Read(noise)
	l.write("noise.bin", string(noise))
	in := l.input("run~1")
	in.Plan.Soft.LimitKiB = 256
	failed := make(chan error, 1)
	go func() {
		_, err := l.BackUpFiles(t.Context(), in)
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(running("restic", "--tag=mcm", l.host.dir)) > 0 }, time.Minute, 20*time.Millisecond)
	require.Eventually(t, func() bool {
		signs, _ := filepath.Glob(filepath.Join(l.host.dir, "run/mcm-backup.work.*/alive"))
		for _, sign := range signs { // as if the last heartbeat were old
			_ = os.Chtimes(sign, time.Now().Add(-3*time.Minute), time.Now().Add(-3*time.Minute))
		}
		return len(running("restic", "--tag=mcm", l.host.dir)) == 0
	}, 40*time.Second, 20*time.Millisecond)
	require.Error(t, <-failed)
	in.Plan.Soft.LimitKiB = 0
	_, err := l.BackUpFiles(t.Context(), in)
	require.NoError(t, err)
	l.leavesNothing()
}
