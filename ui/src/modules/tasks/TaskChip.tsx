import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconClock,
  IconClockX,
  IconHandStop,
  IconLoader2,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { TaskStatus, TaskStep } from "../../api/types.ts";
import { StatusChip, type StatusStyle } from "../../components/StatusChip.tsx";

export const taskStatusStyles: Record<TaskStatus, StatusStyle> = {
  queued: { tone: "gray", icon: IconClock },
  running: { tone: "blue", icon: IconLoader2, spinning: true },
  blocked: { tone: "yellow", icon: IconHandStop },
  cancelling: { tone: "yellow", icon: IconLoader2, spinning: true },
  succeeded: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  partially_failed: { tone: "red", icon: IconAlertTriangle },
  cancelled: { tone: "gray", icon: IconBan },
  timed_out: { tone: "red", icon: IconClockX },
};

export function TaskChip({ status }: { status: TaskStatus }) {
  const { t } = useTranslation("tasks");
  return <StatusChip statusStyle={taskStatusStyles[status]} label={t(`status.${status}`)} />;
}

export const stepStatusStyles: Record<TaskStep["status"], StatusStyle> = {
  queued: { tone: "gray", icon: IconCircleDashed },
  running: { tone: "blue", icon: IconLoader2, spinning: true },
  blocked: { tone: "yellow", icon: IconHandStop },
  succeeded: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  skipped: { tone: "gray", icon: IconCircleMinus },
  cancelled: { tone: "gray", icon: IconBan },
};
