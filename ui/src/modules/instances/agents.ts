import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { type AgentRequest, startAgentTask } from "../../api/queries/instances.ts";
import type { AgentAction, App, Instance } from "../../api/types.ts";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";

export const agentActions = ["install", "check", "remove"] as const satisfies AgentAction[];

export type AgentReason = (instance: Instance, app: App, action: AgentAction) => string | undefined;

/** Returns why an agent action is not available on an instance; undefined if it is. */
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

/** Mutation that starts an agent task; the task reports the result. */
export function useAgentMutation(onStarted?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: AgentRequest) => startAgentTask(request),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onStarted?.();
    },
    onError: notifyError,
  });
}
