package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) audit() *cobra.Command {
	return group("audit", "Read the audit log", s.auditList(), s.auditExport())
}

// auditFilters adds the flags that select records, and returns the filters that they set.
func auditFilters(cmd *cobra.Command) *sdk.ExportAuditParams {
	filters := &sdk.ExportAuditParams{}
	flags := cmd.Flags()
	flags.Func("actor", "only records of this user", text(&filters.Actor))
	flags.Func("operation", "only records of this operation, for example app.launch", text(&filters.Operation))
	flags.Func("target", "only records of this target, for example app:ntp", text(&filters.Target))
	flags.Func("outcome", "only records with this outcome", text(&filters.Outcome))
	flags.Func("via", "only records of ui, api, cli or schedule", text(&filters.Via))
	flags.Func("since", "only records from this time on, RFC 3339", timestamp(&filters.Since))
	flags.Func("until", "only records before this time, RFC 3339", timestamp(&filters.Until))
	flags.Func("search", "only records that contain this text", text(&filters.Q))
	return filters
}

func (s *session) auditList() *cobra.Command {
	var (
		filters *sdk.ExportAuditParams
		limit   int64
	)
	cmd := s.run("list", "List audit records, newest first", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			records, err := c.ListAudit(ctx, sdk.ListAuditParams{Actor: filters.Actor, Operation: filters.Operation, Target: filters.Target,
				Outcome: (*sdk.ListAuditParamsOutcome)(filters.Outcome), Via: (*sdk.ListAuditParamsVia)(filters.Via),
				Since: filters.Since, Until: filters.Until, Q: filters.Q, PageSize: &limit})
			if err != nil {
				return err
			}
			return s.print(out, records, func(t *table) {
				t.kind, t.wide = "audit-record", 2
				t.header = []string{"TIME", "ACTOR", "VIA", "OPERATION", "TARGETS", "OUTCOME", "DETAIL", "SOURCE", "TASK"}
				for _, r := range records.Items {
					t.add(fmt.Sprint(r.ID), r.Time.Local().Format(time.DateTime), r.Actor.Name, r.Via, r.Operation, targetsOf(r), r.Outcome, r.Detail,
						r.SourceIP, r.Task)
				}
			})
		})
	cmd.Flags().Int64Var(&limit, "limit", 100, "how many records, at most 500")
	filters = auditFilters(cmd)
	return s.watching(cmd)
}

func targetsOf(r sdk.AuditRecord) string {
	names := make([]string, len(r.Targets))
	for i, target := range r.Targets {
		names[i] = target.Kind + ":" + target.Name
	}
	return strings.Join(names, ",")
}

func (s *session) auditExport() *cobra.Command {
	var (
		filters *sdk.ExportAuditParams
		format  string
	)
	cmd := s.run("export", "Export audit records to standard output", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			filters.Format = sdk.ExportAuditParamsFormat(format)
			return download(out, func() (io.ReadCloser, error) { return c.ExportAudit(ctx, *filters) })
		})
	cmd.Flags().StringVar(&format, "format", "csv", "csv, jsonl or xlsx")
	filters = auditFilters(cmd)
	return cmd
}
