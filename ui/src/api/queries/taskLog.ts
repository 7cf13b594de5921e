import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../client.ts";
import type { LogLine, LogPage, LogUpdate } from "../types.ts";

/** Number of lines per request. */
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

/** Length and completeness of the log, without its lines. */
export const logHeadQuery = (id: string, live: boolean) =>
  queryOptions({
    queryKey: headKey(id),
    queryFn: ({ signal }) => lines(id, { limit: 0 }, signal),
    refetchInterval: live ? 10_000 : false,
  });

/** A page of lines by number. It is cached until the server reports a update. */
export const logPageQuery = (id: string, page: number) =>
  queryOptions({
    queryKey: [...key(id), "page", page],
    queryFn: ({ signal }) =>
      lines(id, { from: page * logPageSize, limit: logPageSize }, signal).then((p) => p.items),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000, // logs may be long: drop pages that have been out of view for a while
  });

/** Applies a log update: writes the totals and invalidates all pages from the first changed line on. */
export function applyLog(client: QueryClient, id: string, update: LogUpdate) {
  client.setQueryData<LogPage>(headKey(id), (head) => ({
    items: [],
    next: null,
    ...head,
    total: update.total,
    errors: update.errors,
    incomplete_reason: update.incomplete_reason,
  }));
  const first = Math.floor(update.reset_from / logPageSize);
  void client.invalidateQueries({
    queryKey: [...key(id), "page"],
    predicate: ({ queryKey }) => Number(queryKey[queryKey.length - 1]) >= first,
  });
}

/** Returns the first matching line at or after a position. The server searches a long log in parts. */
export async function findInLog(
  id: string,
  criteria: { q?: string; level?: "error" },
  from: number,
  signal: AbortSignal,
): Promise<LogLine | undefined> {
  let position: number | null = from;
  while (position !== null) {
    const page: LogPage = await lines(id, { ...criteria, from: position, limit: 1 }, signal);
    if (page.items[0]) return page.items[0];
    position = page.next;
  }
  return undefined;
}
