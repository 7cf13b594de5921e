import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../client.ts";

/** Outcomes of an audited action. */
export const outcomes = [
  "started",
  "succeeded",
  "failed",
  "partially_failed",
  "cancelled",
  "timed_out",
  "refused",
] as const;

export const vias = ["ui", "api", "schedule", "cli"] as const;

export interface AuditFilters {
  actor?: string;
  operation?: string;
  target?: string;
  outcome?: (typeof outcomes)[number];
  via?: (typeof vias)[number];
  since?: string;
  until?: string;
  q?: string;
}

export const auditQuery = (filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ["audit", filters],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/audit", {
          params: { query: { ...filters, page_size: 50, page_token: pageParam || undefined } },
        }),
      ),
    getNextPageParam: (page) => page.next_page_token || undefined,
  });

export type ExportFormat = "xlsx" | "csv" | "jsonl";

/** Returns the URL of an export with the page's current filters. */
export function auditExportUrl(format: ExportFormat, filters: AuditFilters): string {
  const query = new URLSearchParams({ format });
  for (const [key, value] of Object.entries(filters)) if (value) query.set(key, value);
  return `/api/v1/audit/export?${query}`;
}
