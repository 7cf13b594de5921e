import { useMutation, useQueryClient } from "@tanstack/react-query";
import { applyTask } from "../../api/live.ts";
import { resumePlan, runPlan } from "../../api/queries/backups.ts";
import type { BackupPlan } from "../../api/types.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";

/** What needs no question: to run a plan now, and to let a paused one run again. */
export function usePlanWork(plan: BackupPlan) {
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
