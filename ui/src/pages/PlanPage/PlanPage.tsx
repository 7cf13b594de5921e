import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { mergePages } from "../../api/mergePages.ts";
import {
  backupsQuery,
  planQuery,
  planRunsQuery,
  retentionQuery,
} from "../../api/queries/backups.ts";
import { instancesQuery } from "../../api/queries/instances.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { PlanPageView } from "./PlanPageView.tsx";

/** One plan: status, runs, retention preview and backups. */
export function PlanPage() {
  const { id } = useParams({ from: "/app/backups/plans/$id" });
  const navigate = useNavigate();
  const plan = useQuery(planQuery(id));
  const instances = useQuery(instancesQuery);
  const runs = useQuery(planRunsQuery(id));
  const retention = useQuery(retentionQuery(id));
  const backups = useInfiniteQuery(backupsQuery({ plan: id }, 10));
  if (plan.data) {
    return (
      <PlanPageView
        plan={plan.data}
        instances={instances.data ?? []}
        runs={runs}
        retention={retention}
        backups={{
          data: mergePages(backups.data?.pages),
          error: backups.error,
          refetch: backups.refetch,
          more: backups.hasNextPage ? () => backups.fetchNextPage() : undefined,
          loadingMore: backups.isFetchingNextPage,
        }}
        onDeleted={() => navigate({ to: "/backups" })}
      />
    );
  }
  if (plan.error) return <ErrorState error={plan.error} onRetry={() => plan.refetch()} />;
  return <LoadingRows />;
}
