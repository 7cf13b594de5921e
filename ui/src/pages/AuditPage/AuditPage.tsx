import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type AuditFilters, auditQuery } from "../../api/queries/audit.ts";
import { rowsOf } from "../../api/rows.ts";
import { AuditPageView } from "./AuditPageView.tsx";

/** Who did what, when, from where; filters live in the address and go into the export. */
export function AuditPage() {
  const filters = useSearch({ from: "/app/audit" });
  const navigate = useNavigate();
  const list = useInfiniteQuery(auditQuery(filters));
  const setFilters = (next: AuditFilters) =>
    navigate({ to: "/audit", search: next, replace: true });
  return (
    <AuditPageView
      filters={filters}
      onFilters={setFilters}
      records={rowsOf(list.data?.pages)}
      error={list.error}
      onRetry={() => list.refetch()}
      more={list.hasNextPage ? () => list.fetchNextPage() : undefined}
      loadingMore={list.isFetchingNextPage}
    />
  );
}
