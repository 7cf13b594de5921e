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

// taskLogs prints the log of a task, and with --follow new lines until the task is closed.
func (s *session) taskLogs() *cobra.Command {
	query, follow := url.Values{}, false
	cmd := s.run("logs ID", "Print the log of a task", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		path := "/tasks/" + url.PathEscape(args[0]) + "/log"
		c = c.withoutTimeout()
		if follow {
			if query.Has("q") || query.Has("level") {
				return errors.New("--follow prints all lines: do not use --search or --level with it")
			}
			return s.followLog(ctx, c, out, path+"/events?"+query.Encode())
		}
		if s.output == "json" {
			query.Set("format", "jsonl")
		}
		response, err := c.send(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // the copy reports what matters
		_, err = io.Copy(out, response.Body)
		return err
	})
	for flag, name := range map[string]string{"step": "step", "level": "level", "search": "q"} {
		cmd.Flags().Func(flag, map[string]string{"step": "only lines of this step", "level": "only lines of this level: info, warning or error",
			"search": "only lines that contain this text"}[flag], func(v string) error {
			query.Set(name, v)
			return nil
		})
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "print new lines until the task is closed")
	return cmd
}

// followLog reopens a stream that broke, for example while the manager restarts, after the last line that was printed.
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

// place is the position in a log up to which lines were printed.
type place struct {
	event      string // ID of the last event
	incomplete string // the last reason that was printed
}

// tail prints one stream to its end.
func (s *session) tail(ctx context.Context, c *client, out io.Writer, path string, at *place) (ended bool, err error) {
	response, err := c.sendWith(ctx, http.MethodGet, path, nil, http.Header{"Last-Event-Id": {at.event}})
	if err != nil {
		return false, err
	}
	defer response.Body.Close() //nolint:errcheck // the body was read
	in := bufio.NewReader(response.Body)
	id, kind := "", ""
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return false, nil //nolint:nilerr // followLog opens the stream again
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
		Lines      []tasklog.Line `json:"lines"`
		Incomplete string         `json:"incomplete_reason"`
		Complete   bool           `json:"complete"`
	}
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return false, err
	}
	if at.incomplete != e.Incomplete && e.Incomplete != "" {
		fmt.Fprintln(os.Stderr, "the log is incomplete:", e.Incomplete)
	}
	at.incomplete = e.Incomplete
	for _, l := range e.Lines {
		if s.output == "json" {
			err = json.NewEncoder(out).Encode(l)
		} else {
			_, err = fmt.Fprintln(out, printable(l.String()))
		}
		if err != nil {
			return false, err
		}
	}
	return e.Complete, nil
}
