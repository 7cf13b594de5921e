import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";
import type { BackupMethod, BackupPlan, PlanSettings, Restore, Schedule } from "../types.ts";

/** Fetches all pages of plans. */
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

const byId = (id: string) => ({ params: { path: { id } } });
const idempotent = (id: string) => ({
  params: { path: { id }, header: { "Idempotency-Key": idempotencyKey() } },
});

export const planQuery = (id: string) =>
  queryOptions({
    queryKey: ["backup-plans", "detail", id],
    queryFn: () => unwrap(api.GET("/backup-plans/{id}", byId(id))),
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
    queryFn: () => unwrap(api.GET("/backup-plans/{id}/retention", byId(id))),
  });

/** Previews the runs of a schedule while it is being edited. */
export const schedulePreviewQuery = (schedule: Schedule) =>
  queryOptions({
    queryKey: ["backup-plans", "preview", schedule],
    queryFn: () => unwrap(api.POST("/backup-plans/preview", { body: { schedule } })),
    retry: false,
  });

// The generated types also require the read-only status fields in requests; the API does not.
const settings = (body: PlanSettings) => body as BackupPlan;

export const createPlan = (body: PlanSettings) =>
  unwrap(api.POST("/backup-plans", { body: settings(body) }));

/** Saves a plan, unless someone else saved in between (412, code "precondition_failed"). */
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

export const runPlan = (id: string) => unwrap(api.POST("/backup-plans/{id}/run", idempotent(id)));
export const resumePlan = (id: string) => unwrap(api.POST("/backup-plans/{id}/resume", byId(id)));
export const pausePlan = (id: string, note: string) =>
  unwrap(api.POST("/backup-plans/{id}/pause", { ...byId(id), body: { note: note || undefined } }));

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
    queryFn: () => unwrap(api.GET("/instances/{id}/restore-points", byId(instance))),
  });

/** Files of a backup: the entries of one directory or, with `q`, all matching names below it. */
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
  unwrap(api.PUT("/backups/{id}/hold", { ...byId(id), body: { held } }));
export const verifyBackup = (id: string, restoreTest: boolean) =>
  unwrap(
    api.POST("/backups/{id}/verify", { ...idempotent(id), body: { restore_test: restoreTest } }),
  );
export const deleteBackup = (id: string) => unwrap(api.DELETE("/backups/{id}", idempotent(id)));

export const restoreInstance = (instance: string, body: Restore) =>
  unwrap(api.POST("/instances/{id}/restore", { ...idempotent(instance), body }));
