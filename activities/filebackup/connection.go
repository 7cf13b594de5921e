package filebackup

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncw/swift/v2"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// target names the instance on which an engine runs, and its repository.
type target struct {
	instance   string // ID of the instance that was backed up
	name       string
	host       ssh.Host
	engineName backup.EngineName
	plan       string // for engines that separate the plans of an instance
	task       string // of the backup
	limit      int    // KiB per second, for engines without a limit of their own
	access     swiftproxy.Access
}

// connection runs the script of an engine on an instance. It holds an SSH connection, the storage proxy that is forwarded
// through it, and the input of every command.
type connection struct {
	target
	script  string
	program program
	ssh     *ssh.Connection
	proxy   *swiftproxy.Proxy
	log     *tasklog.Writer
	common  scriptInput

	container string
	password  string // of the repository
	store     *swift.Connection
	records   *backup.Records
}

// program is the part of an engine that a connection uses.
type program interface {
	// environment returns the variables that point the program to the proxy's port. No other process receives them.
	environment(url string) map[string]string
	// input returns the input that every command receives.
	input() scriptInput
	// read parses one line of output; it returns the zero event for other lines.
	read(line string) event
	// classifyError returns the fault for an error output, or nil if the cause is unknown.
	classifyError(stderr string) error
}

// scriptInput holds the input of the script, by name.
type scriptInput map[string]string

// connect opens the SSH connection and forwards the storage proxy through it.
func (s *connection) connect(ctx context.Context, a *Activities) error {
	base, storage, err := a.Cloud.ObjectStorage(ctx)
	if err != nil {
		return err
	}
	if s.ssh, err = a.SSH.Open(ctx, s.host); err != nil {
		return err
	}
	listener, port, err := s.ssh.Listen()
	if err != nil {
		_ = s.ssh.Close() // the connection was not used
		return err
	}
	s.proxy = swiftproxy.New(base, storage, s.container, s.access)
	var env strings.Builder
	for name, value := range s.program.environment("http://127.0.0.1:" + strconv.Itoa(port) + swiftproxy.Prefix) {
		fmt.Fprintf(&env, "%s=%s\n", name, value)
	}
	s.common = scriptInput{"env": env.String(), "instance": s.instance}
	maps.Copy(s.common, s.program.input())
	s.log = a.Log.Open(ctx)
	go s.proxy.Serve(listener)
	return nil
}

func (s *connection) close() {
	s.log.Close()
	_ = s.ssh.Close() // ends all running commands
}

// commandResult is the result of a command on the instance.
type commandResult struct {
	code       int
	engineCode int            // exit code of the engine; -1 if it did not run
	began      time.Time      // start of the backup by the instance's clock
	hooks      map[string]int // exit codes of hooks
	version    string
	target     string
	free       int64
	files      int64
	bytes      int64
	full, busy bool
	volumes    []volume
	stderr     []string // last lines of standard error
}

// maxStderrLines bounds the lines of standard error in a fault.
const maxStderrLines = 30

func (o *commandResult) stderrLine() string { return strings.Join(o.stderr, "\n") }

// lastStderr returns the most informative line of standard error.
func (o *commandResult) lastStderr() string {
	last := "no reason was given"
	for _, line := range o.stderr {
		if line != "" {
			last = line
		}
		if strings.HasPrefix(line, "Fatal: ") {
			break
		}
	}
	return last
}

// run runs a command of the script. The error reports problems of the connection; the result holds the exit code of the
// command.
func (s *connection) run(ctx context.Context, verb string, given scriptInput, said func(event)) (*commandResult, error) {
	o := &commandResult{hooks: map[string]int{}, engineCode: -1}
	if said == nil {
		said = func(event) {}
	}
	stream := ssh.Stream{
		Command: command(len(s.script)),
		Input:   func(ctx context.Context, to io.Writer) error { return s.writeInput(ctx, to, verb, given) },
		Out: func(line string) {
			if own, ok := strings.CutPrefix(line, "mcm "); ok {
				s.parseLine(o, own)
			} else if e := s.program.read(line); e.known() {
				said(e)
			} else {
				s.logLine(tasklog.Info, tasklog.Stdout, line)
			}
		},
		Stderr: func(line string) {
			if o.stderr = append(o.stderr, line); len(o.stderr) > maxStderrLines {
				o.stderr = slices.Delete(o.stderr, 1, 2) // the first and the last lines are the most informative
			}
			s.logLine(tasklog.Warning, tasklog.Stderr, line)
		},
	}
	var err error
	o.code, err = s.ssh.Stream(ctx, stream)
	return o, err
}

// command returns the shell command for the instance. It reads the script, of the given size, from the start of its
// input, and does not depend on what is backed up.
func command(size int) string {
	return `sudo -n sh -c 'umask 077; f=$(mktemp /run/mcm-backup.XXXXXX) && head -c "$1" >"$f" && exec sh "$f" "$f"' mcm-backup ` + strconv.Itoa(size)
}

// heartbeatInterval is the interval of heartbeats to the instance.
const heartbeatInterval = 10 * time.Second

// writeInput writes the script and its input, and then heartbeats until ctx is done.
func (s *connection) writeInput(ctx context.Context, to io.Writer, verb string, given scriptInput) error {
	var b strings.Builder
	b.WriteString(s.script)
	for _, list := range []scriptInput{s.common, given, {"verb": verb}} {
		for name, value := range list {
			fmt.Fprintf(&b, "%s %d\n%s", name, len(value), value)
		}
	}
	b.WriteString("go\n")
	if _, err := io.WriteString(to, b.String()); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(heartbeatInterval):
		}
		if _, err := io.WriteString(to, "here\n"); err != nil {
			return err
		}
	}
}

// parseLine parses a line of the script itself.
func (s *connection) parseLine(o *commandResult, line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "version":
		o.version = rest
		s.logLine(tasklog.Info, "", rest)
	case "installing":
		s.logMessage(tasklog.Info, i18n.Messagef("installing %s", rest))
	case "said":
		s.logLine(tasklog.Info, tasklog.Stdout, rest)
	case "hook":
		name, code, _ := strings.Cut(rest, " ")
		o.hooks[name], _ = strconv.Atoi(code)
	case "began":
		if at, err := strconv.ParseInt(rest, 10, 64); err == nil {
			o.began = time.Unix(0, at)
		}
	case "engine":
		o.engineCode, _ = strconv.Atoi(rest)
	case "target":
		o.target = rest
	case "full":
		o.full = true
		o.free, _ = strconv.ParseInt(rest, 10, 64)
	case "busy":
		o.busy = true
	case "volume":
		var v volume
		if n, _ := fmt.Sscanf(rest, "%s %d %s", &v.set, &v.number, &v.sum); n == 3 {
			o.volumes = append(o.volumes, v)
		}
	case "restored":
		_, _ = fmt.Sscanf(rest, "%d %d", &o.files, &o.bytes)
	}
}

// logMessage adds a message of the manager to the task's log.
func (s *connection) logMessage(level string, m i18n.Message) {
	s.log.WriteMessage(tasklog.Line{Host: s.name, Level: level}, m)
}

// logLine adds a line of a program to the task's log.
func (s *connection) logLine(level, stream, text string) {
	s.log.Write(tasklog.Line{Host: s.name, Level: level, Stream: stream, Message: text})
}

// asFault returns the fault of a failed command, or nil.
func (s *connection) asFault(o *commandResult) error {
	if o.code == 0 {
		return nil
	}
	known := s.program.classifyError(o.stderrLine())
	switch {
	case o.busy:
		return fault.New(fault.Unavailable, nil, "%s: another run on the instance has not ended yet", s.name)
	case s.proxy.LastError() != nil:
		return s.proxy.LastError()
	case known != nil:
		return fault.New(fault.KindOf(known), nil, "%s: %s", s.name, fault.MessageOf(known))
	}
	return fault.New(fault.Internal, nil, "%s: %s", s.name, o.lastStderr())
}

// mustRun runs a command and returns a fault if it fails.
func (s *connection) mustRun(ctx context.Context, verb string, given scriptInput, said func(event)) (*commandResult, error) {
	o, err := s.run(ctx, verb, given, said)
	if err == nil {
		err = s.asFault(o)
	}
	return o, err
}

// listed calls each for every entry that the engine lists.
func (s *connection) listed(ctx context.Context, given scriptInput, each func(backup.FileEntry) error) error {
	var failed error
	_, err := s.mustRun(ctx, "list", given, func(e event) {
		if e.entry != nil && failed == nil {
			failed = each(*e.entry)
		}
	})
	return firstError(err, failed)
}

// fileLines encodes a list for the script.
func fileLines(list []string) string {
	var b strings.Builder
	for _, l := range list {
		b.WriteString(l + "\n")
	}
	return b.String()
}
