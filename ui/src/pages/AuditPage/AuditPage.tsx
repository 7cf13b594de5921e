import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { mergePages } from "../../api/mergePages.ts";
import { type AuditFilters, auditQuery } from "../../api/queries/audit.ts";
import { AuditPageView } from "./AuditPageView.tsx";

/** Audit log. The filters are stored in the URL and apply to the export. */
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
      records={mergePages(list.data?.pages)}
      error={list.error}
      onRetry={() => list.refetch()}
      more={list.hasNextPage ? () => list.fetchNextPage() : undefined}
      loadingMore={list.isFetchingNextPage}
    />
  );
}
