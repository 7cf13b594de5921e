import { queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";

/** Notification channels of backup plans, each with its last delivery. */
export const notificationsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: () => unwrap(api.GET("/notices")),
  refetchInterval: 30_000,
});

/** Starts a task that sends a test notification to every channel. */
export const sendTestNotification = () =>
  unwrap(
    api.POST("/notices/test", { params: { header: { "Idempotency-Key": idempotencyKey() } } }),
  );
