import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconShieldCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Backup, BackupPlan } from "../../api/types.ts";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { StatusChip } from "../../components/StatusChip.tsx";
import { overdueStyle, pausedStyle, planHealth, planHealthStyles, verifyStyles } from "./health.ts";

/** Chips for the status of a plan: paused, last run, overdue, missed runs, skipped runs. */
export function PlanChips({ plan }: { plan: BackupPlan }) {
  const { t } = useTranslation("backups");
  const health = planHealth(plan);
  return (
    <Group gap={6}>
      {plan.paused && <StatusChip statusStyle={pausedStyle} label={t("paused")} />}
      <StatusChip statusStyle={planHealthStyles[health]} label={t(`health.${health}`)} />
      {plan.overdue_since && <StatusChip statusStyle={overdueStyle} label={t("overdue")} />}
      {plan.missed_runs > 0 && (
        <StatusChip
          statusStyle={{ tone: "yellow", icon: IconAlertTriangle }}
          label={t("missed", { count: plan.missed_runs })}
        />
      )}
      {plan.overlap_skipped_runs > 0 && (
        <StatusChip
          statusStyle={{ tone: "yellow", icon: IconAlertTriangle }}
          label={t("overlapSkipped", { count: plan.overlap_skipped_runs })}
        />
      )}
    </Group>
  );
}

/** Chips for the verification, restore test and hold of a backup. */
export function BackupChips({ backup }: { backup: Backup }) {
  const { t } = useTranslation("backups");
  return (
    <Group gap={6} align="flex-start">
      <span>
        <StatusChip
          statusStyle={verifyStyles[backup.verify_status]}
          label={t(`verified.${backup.verify_status}`)}
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
      {backup.last_restore_test_at && (
        <span>
          <StatusChip
            statusStyle={{ tone: "green", icon: IconShieldCheck }}
            label={t("restoreTested")}
          />
          <Text size="xs" c="dimmed">
            <RelativeTime at={backup.last_restore_test_at} />
          </Text>
        </span>
      )}
      {backup.held && (
        <StatusChip statusStyle={{ tone: "blue", icon: IconLock }} label={t("held")} />
      )}
    </Group>
  );
}
