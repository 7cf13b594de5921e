import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { applyTask } from "../../api/live.ts";
import { restoreInstance } from "../../api/queries/backups.ts";
import type { Restore } from "../../api/types.ts";

/** Starts a restore and opens its task. */
export function useRestore(onClose: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ instance, body }: { instance: string; body: Restore }) =>
      restoreInstance(instance, body),
    onSuccess: async (task) => {
      applyTask(client, task);
      onClose();
      await navigate({ to: "/tasks/$id", params: { id: task.id } });
    },
  });
}
