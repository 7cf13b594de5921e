import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { applyTask } from "../../api/live.ts";
import { notificationsQuery, sendTestNotification } from "../../api/queries/notifications.ts";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";
import { NotificationsCardView } from "./NotificationsCardView.tsx";

/** Notification channels for backups that fail, are missed or become overdue. */
export function NotificationsCard() {
  const client = useQueryClient();
  const notifications = useQuery(notificationsQuery);
  const test = useMutation({
    mutationFn: sendTestNotification,
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
    },
    onError: notifyError,
  });
  return (
    <NotificationsCardView
      channels={notifications.data?.channels}
      error={notifications.error}
      onRetry={() => notifications.refetch()}
      reason={useRoleReason("administrator")}
      testing={test.isPending}
      onTest={() => test.mutate()}
    />
  );
}
