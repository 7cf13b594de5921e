import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconShieldCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Backup, BackupPlan } from "../../api/types.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StatusChip } from "../../components/StatusChip.tsx";
import { pausedLook, planHealth, planLooks, staleLook, verifyLooks } from "./health.ts";

/** How a plan does: paused or not, its last run, whether it is stale, and runs that were missed. */
export function PlanChips({ plan }: { plan: BackupPlan }) {
  const { t } = useTranslation("backups");
  const health = planHealth(plan);
  return (
    <Group gap={6}>
      {plan.paused && <StatusChip look={pausedLook} word={t("paused")} />}
      <StatusChip look={planLooks[health]} word={t(`health.${health}`)} />
      {plan.stale_since && <StatusChip look={staleLook} word={t("stale")} />}
      {plan.missed_runs > 0 && (
        <StatusChip
          look={{ tone: "yellow", icon: IconAlertTriangle }}
          word={t("missed", { count: plan.missed_runs })}
        />
      )}
      {plan.overlapped_runs > 0 && (
        <StatusChip
          look={{ tone: "yellow", icon: IconAlertTriangle }}
          word={t("overlapped", { count: plan.overlapped_runs })}
        />
      )}
    </Group>
  );
}

/** What is known of a backup's soundness, and whether it is held. */
export function BackupChips({ backup }: { backup: Backup }) {
  const { t } = useTranslation("backups");
  return (
    <Group gap={6} align="flex-start">
      <span>
        <StatusChip
          look={verifyLooks[backup.verify_status]}
          word={t(`verified.${backup.verify_status}`)}
        />
        {backup.verified_at && (
          <Text size="xs" c="dimmed">
            <RelativeTime at={backup.verified_at} />
          </Text>
        )}
        {backup.verify_status === "failed" && backup.verify_detail && (
          <Text size="xs" className="wrap">
            {backup.verify_detail}
          </Text>
        )}
      </span>
      {backup.proven_restorable_at && (
        <span>
          <StatusChip look={{ tone: "green", icon: IconShieldCheck }} word={t("proven")} />
          <Text size="xs" c="dimmed">
            <RelativeTime at={backup.proven_restorable_at} />
          </Text>
        </span>
      )}
      {backup.held && <StatusChip look={{ tone: "blue", icon: IconLock }} word={t("held")} />}
    </Group>
  );
}
