import { IconLoader2, IconPlugConnected, IconPlugX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { taskIdOf } from "../../api/taskId.ts";
import type { AgentState, Instance, TokenStatus } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import classes from "./instances.module.css";
import { agentLooks, statusOf, tokenLooks } from "./looks.ts";

/** How Nova says the server stands. */
export function InstanceChip({ status }: { status: string }) {
  const { t } = useTranslation("instances");
  const { known, look } = statusOf(status);
  return <StatusChip look={look} word={known ? t(`status.${known}`) : status} />;
}

export function EnrolledChip({ enrolled }: { enrolled: boolean }) {
  const { t } = useTranslation("instances");
  return enrolled ? (
    <StatusChip look={{ tone: "green", icon: IconPlugConnected }} word={t("enrolled")} />
  ) : (
    <StatusChip look={{ tone: "gray", icon: IconPlugX }} word={t("notEnrolled")} />
  );
}

export function AgentChip({ state }: { state: AgentState["state"] }) {
  const { t } = useTranslation("instances");
  return <StatusChip look={agentLooks[state]} word={t(`agent.${state}`)} />;
}

export function TokenChip({ status }: { status: TokenStatus }) {
  const { t } = useTranslation("instances");
  return <StatusChip look={tokenLooks[status]} word={t(`tokenStatus.${status}`)} />;
}

/** The way to the task that works on the instance now. */
export function RunningTask({ instance }: { instance: Instance }) {
  const { t } = useTranslation("instances");
  const id = taskIdOf(instance.task);
  if (!id) return null;
  return (
    <Link
      className={classes.running}
      to="/tasks/$id"
      params={{ id }}
      aria-label={t("followTaskOn", { instance: instance.name })}
    >
      <IconLoader2 size={15} aria-hidden className={classes.turning} />
      {t("followTask")}
    </Link>
  );
}
