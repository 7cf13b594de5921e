import { Text } from "@mantine/core";
import { IconCircleCheck, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Verdict } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import classes from "../../modules/backups/backups.module.css";
import { viewerZone, wallTime } from "../../modules/backups/schedule.ts";

const keep = { tone: "green", icon: IconCircleCheck } as const;
const go = { tone: "yellow", icon: IconTrash } as const;

/** Which backups stay and why, and which the next run deletes; those that go stand first. */
export function RetentionList({ verdicts }: { verdicts: Verdict[] }) {
  const { t, i18n } = useTranslation("backups");
  if (verdicts.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("nothingToKeep")}
      </Text>
    );
  }
  const going = verdicts.filter((v) => !v.keep);
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        {going.length > 0 ? t("goes", { count: going.length }) : t("nothingGoes")}
      </Text>
      <ul className={classes.list} aria-label={t("retentionPreview")}>
        {[...going, ...verdicts.filter((v) => v.keep)].map(({ backup, keep: stays, reason }) => (
          <li key={backup.id}>
            <span>
              {backup.instance_name},{" "}
              <time dateTime={backup.created_at}>
                {wallTime(backup.created_at, i18n.language, viewerZone())}
              </time>
            </span>
            <StatusChip look={stays ? keep : go} word={t(`verdict.${reason}`)} />
          </li>
        ))}
      </ul>
    </>
  );
}
