import { useMutation, useQueryClient } from "@tanstack/react-query";
import { applyTask } from "../../api/live.ts";
import { resumePlan, runPlan } from "../../api/queries/backups.ts";
import type { BackupPlan } from "../../api/types.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";

/** Mutations that need no confirmation: run a plan now and resume a paused plan. */
export function usePlanActions(plan: BackupPlan) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["backup-plans"] });
  const run = useMutation({
    mutationFn: () => runPlan(plan.id),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      return refresh();
    },
    onError: notifyError,
  });
  const resume = useMutation({
    mutationFn: () => resumePlan(plan.id),
    onSuccess: refresh,
    onError: notifyError,
  });
  return { run, resume };
}
