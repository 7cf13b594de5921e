// Package backupagent simulates the backup programs on simulated servers. It accepts the manager's backup
// script, writes the same output as the real script, and stores the files in the object storage that the script
// is given.
package backupagent

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Machine is a simulated server as the backup script sees it.
type Machine struct {
	Root string // directory that holds its file system
	Seed string // seed of the generated initial files
	Now  time.Time
	Free int64                                            // free bytes on its disk
	Step time.Duration                                    // simulated duration of the work on one file
	Dial func(port int) (net.Conn, error)                 // connects to a port on its loopback
	Run  func(line string) (out, stderr string, code int) // runs a command in its shell
}

const prefix = "sudo -n sh -c 'umask 077; f=$(mktemp /run/mcm-backup."

// Matches reports whether a command line runs the manager's backup script.
func Matches(line string) bool { return strings.HasPrefix(line, prefix) }

// run is one run of the script.
type run struct {
	*Machine
	ctx   context.Context
	given map[string]string
	out   io.Writer
	err   io.Writer
	store *store
	sets  bool // duplicity is simulated instead of restic
	whole set  // the backup set that is restored, with duplicity
}

// Exec runs the script with in as its standard input and returns its exit code. The script ends when in is
// closed.
func (m *Machine) Exec(line string, in io.Reader, out, stderr io.Writer) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r := &run{Machine: m, ctx: ctx, out: out, err: stderr}
	from := bufio.NewReader(in)
	words := strings.Fields(line)
	size, err := strconv.Atoi(words[len(words)-1])
	if err == nil {
		_, err = from.Discard(size)
	}
	if err == nil {
		r.given, err = items(from)
	}
	if err == nil {
		go func() {
			_, _ = io.Copy(io.Discard, from) // in is closed when the manager exits
			stop()
		}()
		err = r.do()
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(stderr, "Fatal:", err)
		return 1
	}
	return 0
}

type exit int

func (e exit) Error() string { return "exit " + strconv.Itoa(int(e)) }

// items reads the script's inputs.
func items(in *bufio.Reader) (map[string]string, error) {
	out := map[string]string{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		name, size, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name == "go" {
			return out, nil
		}
		n, err := strconv.Atoi(size)
		if err != nil {
			return nil, err
		}
		value := make([]byte, n)
		if _, err := io.ReadFull(in, value); err != nil {
			return nil, err
		}
		out[name] = string(value)
	}
}

func (r *run) lines(name string) (out []string) {
	for line := range strings.SplitSeq(r.given[name], "\n") {
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (r *run) report(format string, args ...any) { fmt.Fprintf(r.out, "mcm "+format+"\n", args...) }

func (r *run) writeJSON(v any) error { return json.NewEncoder(r.out).Encode(v) }

// pause waits for the simulated duration of the work on one file.
func (r *run) pause() error {
	select {
	case <-r.ctx.Done():
		return errors.New("terminated: the manager disconnected")
	case <-time.After(r.Step):
		return nil
	}
}

func (r *run) do() error {
	if err := r.furnish(); err != nil {
		return err
	}
	r.store = r.open()
	verb := r.given["verb"]
	if r.sets {
		return r.doSets(verb)
	}
	if verb == "prepare" {
		r.report("version restic 0.14.0 (simulated)")
		return nil
	}
	if verb == "begin" && r.given["exists"] == "no" {
		return r.store.create()
	}
	if err := r.store.check(); err != nil {
		return err
	}
	work := map[string]func() error{"begin": r.unlock, "find": r.find, "backup": r.backup, "list": r.list, "restore": r.restore,
		"check": r.check, "restore_test": r.restoreTest, "forget": r.forget}[verb]
	if work == nil {
		return errors.New("unknown verb")
	}
	return work()
}

func (r *run) doSets(verb string) error {
	if verb == "prepare" {
		r.report("version duplicity 0.8.22 (simulated)")
		return nil
	}
	work := map[string]func() error{"backup": r.backup, "list": r.listSet, "restore": r.restore, "check": r.checkSet, "restore_test": r.restoreTest}[verb]
	if work == nil {
		return errors.New("unknown verb")
	}
	return work()
}

// locked runs work while it holds a lock in the repository.
func (r *run) locked(work func() error) error {
	if r.sets {
		return work() // duplicity has no locks
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	name := "locks/" + hex.EncodeToString(raw)
	if err := r.store.put(name, []byte("{}")); err != nil {
		return err
	}
	err := work()
	if r.ctx.Err() != nil {
		return err // a killed run leaves its lock behind
	}
	return errors.Join(err, r.store.remove(name))
}

// unlock deletes the locks of earlier runs on this server that were killed.
func (r *run) unlock() error {
	names, err := r.store.names("locks/")
	for _, name := range names {
		err = errors.Join(err, r.store.remove(name))
	}
	return err
}
