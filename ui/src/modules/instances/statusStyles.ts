import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconLoader2,
  IconPlayerPause,
  IconPlayerStop,
} from "@tabler/icons-react";
import type { AgentState, TokenStatus } from "../../api/types.ts";
import type { StatusStyle } from "../../components/StatusChip.tsx";

/** Nova states with a localized label; other states are shown as Nova reports them. */
export const instanceStatuses = [
  "ACTIVE",
  "BUILD",
  "SHUTOFF",
  "PAUSED",
  "SUSPENDED",
  "ERROR",
] as const;

const instanceStatusStyles: Record<(typeof instanceStatuses)[number], StatusStyle> = {
  ACTIVE: { tone: "green", icon: IconCircleCheck },
  BUILD: { tone: "blue", icon: IconLoader2, spinning: true },
  SHUTOFF: { tone: "gray", icon: IconPlayerStop },
  PAUSED: { tone: "gray", icon: IconPlayerPause },
  SUSPENDED: { tone: "gray", icon: IconPlayerPause },
  ERROR: { tone: "red", icon: IconCircleX },
};

export function instanceStatusStyle(status: string): {
  known?: (typeof instanceStatuses)[number];
  style: StatusStyle;
} {
  const known = instanceStatuses.find((s) => s === status);
  return {
    known,
    style: known ? instanceStatusStyles[known] : { tone: "yellow", icon: IconClock },
  };
}

export const agentStyles: Record<AgentState["state"], StatusStyle> = {
  absent: { tone: "gray", icon: IconCircleDashed },
  queued: { tone: "blue", icon: IconLoader2, spinning: true },
  running: { tone: "blue", icon: IconLoader2, spinning: true },
  installed: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  drifted: { tone: "yellow", icon: IconAlertTriangle },
};

export const tokenStyles: Record<TokenStatus, StatusStyle> = {
  active: { tone: "green", icon: IconCircleCheck },
  used: { tone: "blue", icon: IconCircleCheck },
  expired: { tone: "gray", icon: IconClock },
  revoked: { tone: "gray", icon: IconCircleX },
};
