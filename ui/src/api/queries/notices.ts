import { queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";

/** Where notices of backup plans go, with what became of the last of each. */
export const noticesQuery = queryOptions({
  queryKey: ["notices"],
  queryFn: () => unwrap(api.GET("/notices")),
  refetchInterval: 30_000,
});

/** Sends a test to every channel, as a task. */
export const testNotices = () =>
  unwrap(
    api.POST("/notices/test", { params: { header: { "Idempotency-Key": idempotencyKey() } } }),
  );
