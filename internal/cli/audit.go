package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/operation/audit"
)

// auditFilters are the flags of audit list and export, with the query parameter that each one sets.
var auditFilters = []struct{ flag, query, help string }{
	{"actor", "actor", "only records of this user"},
	{"operation", "operation", "only records of this operation, for example app.launch"},
	{"target", "target", "only records of this target, for example app:ntp"},
	{"outcome", "outcome", "only records with this outcome"},
	{"via", "via", "only records of ui, api, cli or schedule"},
	{"since", "since", "only records from this time on, RFC 3339"},
	{"until", "until", "only records before this time, RFC 3339"},
	{"search", "q", "only records that contain this text"},
}

func (s *session) audit() *cobra.Command {
	return group("audit", "Read the audit log", s.auditList(), s.auditExport())
}

func withAuditFilters(cmd *cobra.Command, query url.Values) *cobra.Command {
	for _, f := range auditFilters {
		cmd.Flags().Func(f.flag, f.help, func(v string) error {
			query.Set(f.query, v)
			return nil
		})
	}
	return cmd
}

func (s *session) auditList() *cobra.Command {
	query, limit := url.Values{}, 0
	cmd := s.run("list", "List audit records, newest first", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		query.Set("page_size", fmt.Sprint(limit))
		var records list[audit.Record]
		if err := c.do(ctx, http.MethodGet, "/audit?"+query.Encode(), nil, &records); err != nil {
			return err
		}
		return s.print(out, records, func(t *table) {
			t.kind, t.header, t.wide = "audit-record", []string{"TIME", "ACTOR", "VIA", "OPERATION", "TARGETS", "OUTCOME", "DETAIL", "SOURCE", "TASK"}, 2
			for _, r := range records.Items {
				t.add(fmt.Sprint(r.ID), r.Time.Local().Format(time.DateTime), r.Actor.Name, r.Via, r.Operation, targetsOf(r), r.Outcome, r.Detail, r.SourceIP, r.Task)
			}
		})
	})
	cmd.Flags().IntVar(&limit, "limit", 100, "how many records, at most 500")
	return s.watching(withAuditFilters(cmd, query))
}

func targetsOf(r audit.Record) string {
	names := make([]string, len(r.Targets))
	for i, target := range r.Targets {
		names[i] = target.Kind + ":" + target.Name
	}
	return strings.Join(names, ",")
}

func (s *session) auditExport() *cobra.Command {
	query, format := url.Values{}, ""
	cmd := s.run("export", "Export audit records to standard output", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		query.Set("format", format)
		response, err := c.withoutTimeout().send(ctx, http.MethodGet, "/audit/export?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // the copy reports what matters
		_, err = io.Copy(out, response.Body)
		return err
	})
	cmd.Flags().StringVar(&format, "format", "csv", "csv, jsonl or xlsx")
	return withAuditFilters(cmd, query)
}
