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
import type { Look } from "../../components/StatusChip.tsx";

/** Nova's states that have a word of ours; any other is shown as Nova spells it. */
export const instanceStatuses = [
  "ACTIVE",
  "BUILD",
  "SHUTOFF",
  "PAUSED",
  "SUSPENDED",
  "ERROR",
] as const;

const statusLooks: Record<(typeof instanceStatuses)[number], Look> = {
  ACTIVE: { tone: "green", icon: IconCircleCheck },
  BUILD: { tone: "blue", icon: IconLoader2, turning: true },
  SHUTOFF: { tone: "gray", icon: IconPlayerStop },
  PAUSED: { tone: "gray", icon: IconPlayerPause },
  SUSPENDED: { tone: "gray", icon: IconPlayerPause },
  ERROR: { tone: "red", icon: IconCircleX },
};

export function statusOf(status: string): {
  known?: (typeof instanceStatuses)[number];
  look: Look;
} {
  const known = instanceStatuses.find((s) => s === status);
  return { known, look: known ? statusLooks[known] : { tone: "yellow", icon: IconClock } };
}

export const agentLooks: Record<AgentState["state"], Look> = {
  absent: { tone: "gray", icon: IconCircleDashed },
  queued: { tone: "blue", icon: IconLoader2, turning: true },
  running: { tone: "blue", icon: IconLoader2, turning: true },
  installed: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  drifted: { tone: "yellow", icon: IconAlertTriangle },
};

export const tokenLooks: Record<TokenStatus, Look> = {
  active: { tone: "green", icon: IconCircleCheck },
  used: { tone: "blue", icon: IconCircleCheck },
  expired: { tone: "gray", icon: IconClock },
  revoked: { tone: "gray", icon: IconCircleX },
};
