import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconHelpCircle,
  IconLoader2,
  IconPlayerPause,
} from "@tabler/icons-react";
import type { App, Health } from "../../api/types.ts";
import type { StatusStyle } from "../../components/StatusChip.tsx";

/** Icon and color of each health status (Argo CD's terms). */
export const healthStyles: Record<Health, StatusStyle> = {
  Healthy: { tone: "green", icon: IconCircleCheck },
  Progressing: { tone: "yellow", icon: IconLoader2, spinning: true },
  Degraded: { tone: "red", icon: IconAlertTriangle },
  Suspended: { tone: "blue", icon: IconPlayerPause },
  Missing: { tone: "gray", icon: IconCircleDashed },
  Unknown: { tone: "gray", icon: IconHelpCircle },
};

/** Reports whether the app exists in the cluster, running or stopped. */
export const isInstalled = (app: App) => app.health !== "Missing";

/** Reports whether the app can be launched: it is not installed or stopped. */
export const isLaunchable = (app: App) => app.health === "Missing" || app.health === "Suspended";
