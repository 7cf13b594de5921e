import { IconLoader2, IconPlugConnected, IconPlugX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { taskIdOf } from "../../api/taskId.ts";
import type { AgentState, Instance, TokenStatus } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import classes from "./instances.module.css";
import { agentStyles, instanceStatusStyle, tokenStyles } from "./statusStyles.ts";

/** Nova's server status. */
export function InstanceChip({ status }: { status: string }) {
  const { t } = useTranslation("instances");
  const { known, style } = instanceStatusStyle(status);
  return <StatusChip statusStyle={style} label={known ? t(`status.${known}`) : status} />;
}

export function EnrolledChip({ enrolled }: { enrolled: boolean }) {
  const { t } = useTranslation("instances");
  return enrolled ? (
    <StatusChip statusStyle={{ tone: "green", icon: IconPlugConnected }} label={t("enrolled")} />
  ) : (
    <StatusChip statusStyle={{ tone: "gray", icon: IconPlugX }} label={t("notEnrolled")} />
  );
}

export function AgentChip({ state }: { state: AgentState["state"] }) {
  const { t } = useTranslation("instances");
  return <StatusChip statusStyle={agentStyles[state]} label={t(`agent.${state}`)} />;
}

export function TokenChip({ status }: { status: TokenStatus }) {
  const { t } = useTranslation("instances");
  return <StatusChip statusStyle={tokenStyles[status]} label={t(`tokenStatus.${status}`)} />;
}

/** Link to the task running on the instance. */
export function RunningTask({ instance }: { instance: Instance }) {
  const { t } = useTranslation("instances");
  const id = taskIdOf(instance.task);
  if (!id) return null;
  return (
    <Link
      className={classes.running}
      to="/tasks/$id"
      params={{ id }}
      aria-label={t("viewTaskOn", { instance: instance.name })}
    >
      <IconLoader2 size={15} aria-hidden className={classes.spinning} />
      {t("taskRunning")}
    </Link>
  );
}
