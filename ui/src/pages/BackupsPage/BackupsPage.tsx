import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { mergePages } from "../../api/mergePages.ts";
import { backupsQuery, plansQuery } from "../../api/queries/backups.ts";
import { instancesQuery } from "../../api/queries/instances.ts";
import { NotificationsCard } from "../../modules/notifications/NotificationsCard.tsx";
import { useRoleReason } from "../../modules/session/useSession.ts";
import type { BackupsSearch } from "../../search.ts";
import { BackupsPageView } from "./BackupsPageView.tsx";

/** Backup plans and backups. The URL holds the tab and the filters. */
export function BackupsPage() {
  const search = useSearch({ from: "/app/backups" });
  const navigate = useNavigate();
  const { view, ...filters } = search;
  const plans = useQuery(plansQuery);
  const instances = useQuery(instancesQuery);
  const backups = useInfiniteQuery({ ...backupsQuery(filters), enabled: view === "backups" });
  return (
    <BackupsPageView
      search={search}
      onSearch={(next: BackupsSearch) => navigate({ to: "/backups", search: next, replace: true })}
      reason={useRoleReason("operator")}
      onNew={() => navigate({ to: "/backups/new" })}
      plans={plans.data}
      plansError={plans.error}
      instances={instances.data ?? []}
      backups={mergePages(backups.data?.pages)}
      backupsError={backups.error}
      onRetry={() => {
        void plans.refetch();
        void backups.refetch();
      }}
      more={backups.hasNextPage ? () => backups.fetchNextPage() : undefined}
      loadingMore={backups.isFetchingNextPage}
      notifications={<NotificationsCard />}
    />
  );
}
