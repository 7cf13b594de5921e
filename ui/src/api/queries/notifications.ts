import { queryOptions } from "@tanstack/react-query";
import { api, idempotencyKey, unwrap } from "../client.ts";

/** Notification channels of backup plans, each with its last delivery. */
export const notificationsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: () => unwrap(api.GET("/notifications")),
  refetchInterval: 30_000,
});

/** Starts a task that sends a test notification to every channel. */
export const sendTestNotification = () =>
  unwrap(
    api.POST("/notifications/test", {
      params: { header: { "Idempotency-Key": idempotencyKey() } },
    }),
  );
