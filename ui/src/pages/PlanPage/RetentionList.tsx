import { Text } from "@mantine/core";
import { IconCircleCheck, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { RetentionDecision } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import classes from "../../modules/backups/backups.module.css";
import { viewerZone, wallTime } from "../../modules/backups/schedule.ts";

const keepStyle = { tone: "green", icon: IconCircleCheck } as const;
const deleteStyle = { tone: "yellow", icon: IconTrash } as const;

/** Retention decisions with reasons; backups that the next run deletes come first. */
export function RetentionList({ decisions }: { decisions: RetentionDecision[] }) {
  const { t, i18n } = useTranslation("backups");
  if (decisions.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("nothingToKeep")}
      </Text>
    );
  }
  const toDelete = decisions.filter((v) => !v.keep);
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        {toDelete.length > 0 ? t("toDelete", { count: toDelete.length }) : t("nothingToDelete")}
      </Text>
      <ul className={classes.list} aria-label={t("retentionPreview")}>
        {[...toDelete, ...decisions.filter((v) => v.keep)].map(({ backup, keep, reason }) => (
          <li key={backup.id}>
            <span>
              {backup.instance_name},{" "}
              <time dateTime={backup.created_at}>
                {wallTime(backup.created_at, i18n.language, viewerZone())}
              </time>
            </span>
            <StatusChip
              statusStyle={keep ? keepStyle : deleteStyle}
              label={t(`retentionReason.${reason}`)}
            />
          </li>
        ))}
      </ul>
    </>
  );
}
