package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/operation/tasklog"
)

// taskLog prints a task's log, and with --follow what comes to it until the task ends.
func (s *session) taskLog() *cobra.Command {
	query, follow := url.Values{}, false
	cmd := s.run("log ID", "The whole log of a task", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		path := "/tasks/" + url.PathEscape(args[0]) + "/log"
		patient := *c
		patient.http.Timeout = 0 // a log may be long, and a task takes its time
		if follow {
			if query.Has("q") || query.Has("level") {
				return errors.New("--follow shows every line: leave --search and --level out")
			}
			return s.followLog(ctx, &patient, out, path+"/events?"+query.Encode())
		}
		if s.output == "json" {
			query.Set("format", "jsonl")
		}
		answer, err := patient.send(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		defer answer.Body.Close() //nolint:errcheck // the copy reports what matters
		_, err = io.Copy(out, answer.Body)
		return err
	})
	for flag, name := range map[string]string{"step": "step", "level": "level", "search": "q"} {
		cmd.Flags().Func(flag, map[string]string{"step": "only lines of this step", "level": "only lines of this level: info, warning or error",
			"search": "only lines that have this text"}[flag], func(v string) error {
			query.Set(name, v)
			return nil
		})
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "show what comes until the task ends")
	return cmd
}

// followLog goes on after what it has shown when the stream breaks off, as while the manager is restarted.
func (s *session) followLog(ctx context.Context, c *client, out io.Writer, path string) error {
	at := &place{}
	for {
		ended, err := s.tail(ctx, c, out, path, at)
		var p *problem
		switch {
		case ended:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &p) && p.Status < http.StatusInternalServerError:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followInterval):
		}
	}
}

// place is how far a log was shown.
type place struct {
	event   string // the last, after which another stream goes on
	missing string // what was said of lines that are missing
}

// tail shows one stream to its end.
func (s *session) tail(ctx context.Context, c *client, out io.Writer, path string, at *place) (ended bool, err error) {
	answer, err := c.sendWith(ctx, http.MethodGet, path, nil, http.Header{"Last-Event-Id": {at.event}})
	if err != nil {
		return false, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	in := bufio.NewReader(answer.Body)
	id, kind := "", ""
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return false, nil //nolint:nilerr // a stream that breaks off is opened again
		}
		field, value, _ := strings.Cut(strings.TrimRight(text, "\r\n"), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			if kind != "log" {
				continue
			}
			if ended, err = s.show(out, value, at); err != nil || ended {
				return ended, err
			}
			at.event = id
		}
	}
}

func (s *session) show(out io.Writer, data string, at *place) (ended bool, err error) {
	var e struct {
		Lines   []tasklog.Line `json:"lines"`
		Missing string         `json:"incomplete_reason"`
		Ended   bool           `json:"complete"`
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return false, err
	}
	if at.missing != e.Missing && e.Missing != "" {
		fmt.Fprintln(os.Stderr, "lines are missing:", e.Missing)
	}
	at.missing = e.Missing
	for _, l := range e.Lines {
		if s.output == "json" {
			err = json.NewEncoder(out).Encode(l)
		} else {
			_, err = fmt.Fprintln(out, l)
		}
		if err != nil {
			return false, err
		}
	}
	return e.Ended, nil
}
