import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { applyTask } from "../../api/live.ts";
import { noticesQuery, testNotices } from "../../api/queries/notices.ts";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";
import { NoticesCardView } from "./NoticesCardView.tsx";

/** Who is told of backups that fail, are missed or have become stale. */
export function NoticesCard() {
  const client = useQueryClient();
  const notices = useQuery(noticesQuery);
  const test = useMutation({
    mutationFn: testNotices,
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
    },
    onError: notifyError,
  });
  return (
    <NoticesCardView
      channels={notices.data?.channels}
      error={notices.error}
      onRetry={() => notices.refetch()}
      reason={useRoleReason("administrator")}
      testing={test.isPending}
      onTest={() => test.mutate()}
    />
  );
}
