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
import type { Step, TaskStatus } from "../../api/types.ts";
import { type Look, StatusChip } from "../../components/StatusChip.tsx";

export const taskLooks: Record<TaskStatus, Look> = {
  queued: { tone: "gray", icon: IconClock },
  running: { tone: "blue", icon: IconLoader2, turning: true },
  blocked: { tone: "yellow", icon: IconHandStop },
  cancelling: { tone: "yellow", icon: IconLoader2, turning: true },
  succeeded: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  partly_failed: { tone: "red", icon: IconAlertTriangle },
  cancelled: { tone: "gray", icon: IconBan },
  timed_out: { tone: "red", icon: IconClockX },
};

export function TaskChip({ status }: { status: TaskStatus }) {
  const { t } = useTranslation("tasks");
  return <StatusChip look={taskLooks[status]} word={t(`status.${status}`)} />;
}

export const stepLooks: Record<Step["status"], Look> = {
  queued: { tone: "gray", icon: IconCircleDashed },
  running: { tone: "blue", icon: IconLoader2, turning: true },
  blocked: { tone: "yellow", icon: IconHandStop },
  succeeded: { tone: "green", icon: IconCircleCheck },
  failed: { tone: "red", icon: IconCircleX },
  skipped: { tone: "gray", icon: IconCircleMinus },
  cancelled: { tone: "gray", icon: IconBan },
};
