// Package vault stands in for the programs by which simulated servers back up their files: it takes what
// the manager's script takes, says what that says, and really keeps the files in the object storage that it
// is given the way to.
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

// Machine is a simulated server, as far as its files go.
type Machine struct {
	Root string // the folder that is its file system
	Seed string // what its first files are made of
	Now  time.Time
	Free int64                                               // bytes that are free on its disk
	Step time.Duration                                       // how long the work on a file takes
	Dial func(port int) (net.Conn, error)                    // a port of its loopback
	Run  func(line string) (out, complaint string, code int) // a command of its shell
}

const prefix = "sudo -n sh -c 'umask 077; f=$(mktemp /run/mcm-backup."

// Wants tells whether a command line is the manager's script.
func Wants(line string) bool { return strings.HasPrefix(line, prefix) }

// run is one run of the script.
type run struct {
	*Machine
	ctx   context.Context
	given map[string]string
	out   io.Writer
	err   io.Writer
	store *store
	sets  bool // it stands in for duplicity
	whole set  // what is restored, of such a one
}

// Exec runs the script that comes by in and returns its exit code. It ends when in does.
func (m *Machine) Exec(line string, in io.Reader, out, complaints io.Writer) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r := &run{Machine: m, ctx: ctx, out: out, err: complaints}
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
			_, _ = io.Copy(io.Discard, from) // it ends with the manager
			stop()
		}()
		err = r.do()
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(complaints, "Fatal:", err)
		return 1
	}
	return 0
}

type exit int

func (e exit) Error() string { return "exit " + strconv.Itoa(int(e)) }

// items reads what the script is given.
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

func (r *run) say(format string, args ...any) { fmt.Fprintf(r.out, "mcm "+format+"\n", args...) }

func (r *run) tell(v any) error { return json.NewEncoder(r.out).Encode(v) }

// pause is the time that the work on one file takes.
func (r *run) pause() error {
	select {
	case <-r.ctx.Done():
		return errors.New("terminated: the manager is gone")
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
		r.say("version restic 0.14.0 (simulated)")
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
		r.say("version duplicity 0.8.22 (simulated)")
		return nil
	}
	work := map[string]func() error{"backup": r.backup, "list": r.listSet, "restore": r.restore, "check": r.checkSet, "restore_test": r.restoreTest}[verb]
	if work == nil {
		return errors.New("unknown verb")
	}
	return work()
}

// locked does work with a lock in the repository.
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
		return err // killed: its lock stays
	}
	return errors.Join(err, r.store.remove(name))
}

// unlock takes away the locks of runs that died here.
func (r *run) unlock() error {
	names, err := r.store.names("locks/")
	for _, name := range names {
		err = errors.Join(err, r.store.remove(name))
	}
	return err
}
