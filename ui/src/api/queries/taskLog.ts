import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../client.ts";
import type { LogChange, LogLine, LogPage } from "../types.ts";

/** Lines that are asked for at once. */
export const logPageSize = 200;

const key = (id: string) => ["tasks", "log", id];
const headKey = (id: string) => [...key(id), "head"];

interface LogQuery {
  from?: number;
  limit: number;
  q?: string;
  level?: "error";
}

const lines = (id: string, query: LogQuery, signal?: AbortSignal) =>
  unwrap(api.GET("/tasks/{id}/log/lines", { params: { path: { id }, query }, signal }));

/** How long the log is and what is missing of it, without its lines. */
export const logHeadQuery = (id: string, live: boolean) =>
  queryOptions({
    queryKey: headKey(id),
    queryFn: ({ signal }) => lines(id, { limit: 0 }, signal),
    refetchInterval: live ? 10_000 : false,
  });

/** A page of lines by its number. It stays as it is until the server says that it has changed. */
export const logPageQuery = (id: string, page: number) =>
  queryOptions({
    queryKey: [...key(id), "page", page],
    queryFn: ({ signal }) =>
      lines(id, { from: page * logPageSize, limit: logPageSize }, signal).then((p) => p.items),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000, // a log may be long: what is out of sight for a while is let go
  });

/** Writes what the server tells of a log that grows: pages from the first change on are asked for again. */
export function applyLog(client: QueryClient, id: string, change: LogChange) {
  client.setQueryData<LogPage>(headKey(id), (head) => ({
    items: [],
    next: null,
    ...head,
    total: change.total,
    errors: change.errors,
    missing: change.missing,
  }));
  const first = Math.floor(change.from / logPageSize);
  void client.invalidateQueries({
    queryKey: [...key(id), "page"],
    predicate: ({ queryKey }) => Number(queryKey[queryKey.length - 1]) >= first,
  });
}

/** The first line from a position on that matches, or undefined. A long log is searched piece by piece. */
export async function findInLog(
  id: string,
  what: { q?: string; level?: "error" },
  from: number,
  signal: AbortSignal,
): Promise<LogLine | undefined> {
  let at: number | null = from;
  while (at !== null) {
    const page: LogPage = await lines(id, { ...what, from: at, limit: 1 }, signal);
    if (page.items[0]) return page.items[0];
    at = page.next;
  }
  return undefined;
}
