import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconHelpCircle,
  IconLoader2,
  IconPlayerPause,
} from "@tabler/icons-react";
import type { App, Health } from "../../api/types.ts";
import type { Look } from "../../components/StatusChip.tsx";

/** Argo CD's health words, each with its icon and colour. */
export const healthLooks: Record<Health, Look> = {
  Healthy: { tone: "green", icon: IconCircleCheck },
  Progressing: { tone: "yellow", icon: IconLoader2, turning: true },
  Degraded: { tone: "red", icon: IconAlertTriangle },
  Suspended: { tone: "blue", icon: IconPlayerPause },
  Missing: { tone: "gray", icon: IconCircleDashed },
  Unknown: { tone: "gray", icon: IconHelpCircle },
};

/** Whether something of the app exists in the cluster, running or stopped. */
export const isInstalled = (app: App) => app.health !== "Missing";

/** Whether launching is what one can do with it now. */
export const isLaunchable = (app: App) => app.health === "Missing" || app.health === "Suspended";
