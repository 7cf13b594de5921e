import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { type AgentWork, workOnAgents } from "../../api/queries/instances.ts";
import type { AgentAction, App, Instance } from "../../api/types.ts";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";

export const agentActions = ["install", "check", "remove"] as const satisfies AgentAction[];

export type AgentReason = (instance: Instance, app: App, action: AgentAction) => string | undefined;

/** Why nothing can be done with an app's agent on an instance now; undefined when it can. */
export function useAgentReason(): AgentReason {
  const { t } = useTranslation("instances");
  const role = useRoleReason("operator");
  return (instance, app, action) => {
    if (role) return role;
    if (!instance.enrolled) return t("reason.notEnrolled", { instance: instance.name });
    if (action === "install" && app.revision === 0) {
      return t("reason.appMissing", { app: app.title });
    }
    return instance.task ? t("reason.busy", { instance: instance.name }) : undefined;
  };
}

/** Starts work on agents; what comes of it is told by its task. */
export function useAgentWork(onStarted?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (work: AgentWork) => workOnAgents(work),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onStarted?.();
    },
    onError: notifyError,
  });
}
