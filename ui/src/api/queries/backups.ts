import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";
import type { BackupMethod, BackupPlan, PlanSettings, Restore, Schedule } from "../types.ts";

/** Every plan, page after page: there are as many as people make. */
async function fetchPlans(): Promise<BackupPlan[]> {
  const all: BackupPlan[] = [];
  let token: string | undefined;
  do {
    const query = { page_size: 500, page_token: token };
    const page = await unwrap(api.GET("/backup-plans", { params: { query } }));
    all.push(...page.items);
    token = page.next_page_token || undefined;
  } while (token);
  return all;
}

export const plansQuery = queryOptions({
  queryKey: ["backup-plans", "list"],
  queryFn: fetchPlans,
  refetchInterval: 30_000,
});

const at = (id: string) => ({ params: { path: { id } } });
const once = (id: string) => ({
  params: { path: { id }, header: { "Idempotency-Key": idempotencyKey() } },
});

export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ["backup-plans", "detail", id],
    queryFn: () => unwrap(api.GET("/backup-plans/{id}", at(id))),
    refetchInterval: 30_000,
  });

export const planRunsQuery = (id: string) =>
  queryOptions({
    queryKey: ["backup-plans", "runs", id],
    queryFn: () =>
      unwrap(
        api.GET("/backup-plans/{id}/runs", {
          params: { path: { id }, query: { page_size: 20 } },
        }),
      ),
  });

export const retentionQuery = (id: string) =>
  queryOptions({
    queryKey: ["backup-plans", "retention", id],
    queryFn: () => unwrap(api.GET("/backup-plans/{id}/retention", at(id))),
  });

/** When a schedule would run; asked for while it is still being chosen. */
export const upcomingQuery = (schedule: Schedule) =>
  queryOptions({
    queryKey: ["backup-plans", "preview", schedule],
    queryFn: () => unwrap(api.POST("/backup-plans/preview", { body: { schedule } })),
    retry: false,
  });

// How a plan stands is read only: the types want it in a request too, the API does not.
const settings = (body: PlanSettings) => body as BackupPlan;

export const createPlan = (body: PlanSettings) =>
  unwrap(api.POST("/backup-plans", { body: settings(body) }));

/** Saves a plan, unless someone else saved in between (412, code "stale"). */
export const replacePlan = ({ id, etag }: Pick<BackupPlan, "id" | "etag">, body: PlanSettings) =>
  unwrap(
    api.PUT("/backup-plans/{id}", {
      params: { path: { id }, header: { "If-Match": etag } },
      body: settings(body),
    }),
  );

export const deletePlan = (id: string, withBackups: boolean) =>
  unwrap(
    api.DELETE("/backup-plans/{id}", {
      params: { path: { id }, query: { delete_backups: withBackups } },
    }),
  );

export const runPlan = (id: string) => unwrap(api.POST("/backup-plans/{id}/run", once(id)));
export const resumePlan = (id: string) => unwrap(api.POST("/backup-plans/{id}/resume", at(id)));
export const pausePlan = (id: string, note: string) =>
  unwrap(api.POST("/backup-plans/{id}/pause", { ...at(id), body: { note: note || undefined } }));

export interface BackupFilters {
  instance?: string;
  plan?: string;
  method?: BackupMethod;
}

export const backupsQuery = (filters: BackupFilters, pageSize = 50) =>
  infiniteQueryOptions({
    queryKey: ["backups", "list", filters, pageSize],
    initialPageParam: "",
    queryFn: ({ pageParam }) => {
      const query = { ...filters, page_size: pageSize, page_token: pageParam || undefined };
      return unwrap(api.GET("/backups", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_page_token || undefined,
    refetchInterval: 60_000,
  });

export const restorePointsQuery = (instance: string) =>
  queryOptions({
    queryKey: ["backups", "points", instance],
    queryFn: () => unwrap(api.GET("/instances/{id}/restore-points", at(instance))),
  });

/** What a soft backup holds: of one directory or, with a text, whatever is named so below it. */
export const backupFilesQuery = (id: string, path: string, q: string) =>
  infiniteQueryOptions({
    queryKey: ["backups", "files", id, path, q],
    initialPageParam: "",
    queryFn: ({ pageParam }) => {
      const query = { path, q: q || undefined, page_token: pageParam || undefined };
      return unwrap(api.GET("/backups/{id}/files", { params: { path: { id }, query } }));
    },
    getNextPageParam: (page) => page.next_page_token || undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const holdBackup = (id: string, held: boolean) =>
  unwrap(api.PUT("/backups/{id}/hold", { ...at(id), body: { held } }));
export const verifyBackup = (id: string, drill: boolean) =>
  unwrap(api.POST("/backups/{id}/verify", { ...once(id), body: { drill } }));
export const deleteBackup = (id: string) => unwrap(api.DELETE("/backups/{id}", once(id)));

export const restoreInstance = (instance: string, body: Restore) =>
  unwrap(api.POST("/instances/{id}/restore", { ...once(instance), body }));
