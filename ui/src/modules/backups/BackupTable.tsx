import { Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Backup } from "../../api/types.ts";
import { Panel } from "../../components/Panel.tsx";
import tables from "../../components/table.module.css";
import { BackupActions } from "./BackupActions.tsx";
import { BackupChips } from "./chips.tsx";
import { DeleteBackupDialog } from "./DeleteBackupDialog.tsx";
import { RestoreDialog } from "./RestoreDialog.tsx";
import { viewerZone, wallTime } from "./schedule.ts";
import { sizeText, spanText } from "./units.ts";

interface Doing {
  what: "restore" | "delete";
  backup: Backup;
}

/** Backups, each with what is known of it and what can be done with it. */
export function BackupTable({ backups }: { backups: Backup[] }) {
  const { t } = useTranslation("backups");
  const [doing, setDoing] = useState<Doing>();
  const stop = () => setDoing(undefined);
  return (
    <Panel>
      <Table className={tables.table} aria-label={t("view.backups")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("column.instance")}</Table.Th>
            <Table.Th>{t("column.created")}</Table.Th>
            <Table.Th>{t("column.method")}</Table.Th>
            <Table.Th>{t("column.size")}</Table.Th>
            <Table.Th>{t("column.duration")}</Table.Th>
            <Table.Th>{t("column.verified")}</Table.Th>
            <Table.Th>{t("column.actions")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {backups.map((backup) => (
            <BackupRow
              key={backup.id}
              backup={backup}
              onDo={(what) => setDoing({ what, backup })}
            />
          ))}
        </Table.Tbody>
      </Table>
      {doing?.what === "restore" && <RestoreDialog backup={doing.backup} onClose={stop} />}
      {doing?.what === "delete" && <DeleteBackupDialog backup={doing.backup} onClose={stop} />}
    </Panel>
  );
}

interface RowProps {
  backup: Backup;
  onDo: (what: Doing["what"]) => void;
}

function BackupRow({ backup, onDo }: RowProps) {
  const { t, i18n } = useTranslation("backups");
  const language = i18n.language;
  return (
    <Table.Tr>
      <Table.Td data-label={t("column.instance")}>
        <Link className="plainlink wrap" to="/instances" search={{ instance: backup.instance }}>
          {backup.instance_name || backup.instance}
        </Link>
        <Text size="xs" c="dimmed" className="wrap">
          {backup.safety ? t("safety") : backup.plan_name || t("noPlan")}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("column.created")}>
        <Link className="plainlink" to="/tasks/$id" params={{ id: backup.task }}>
          <time dateTime={backup.created_at}>
            {wallTime(backup.created_at, language, viewerZone())}
          </time>
        </Link>
      </Table.Td>
      <Table.Td data-label={t("column.method")}>
        <span>{t(`method.${backup.method}`)}</span>
        <Text size="xs" c="dimmed">
          {t(`consistency.${backup.consistency}`)}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("column.size")} className={tables.nowrap}>
        <span>{sizeText(backup.size_bytes, language)}</span>
        {backup.file_count ? (
          <Text size="xs" c="dimmed">
            {t("fileCount", { count: backup.file_count })}
          </Text>
        ) : null}
        <Text size="xs" c="dimmed">
          {t("changed", { size: sizeText(backup.changed_bytes, language) })}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("column.duration")} className={tables.nowrap}>
        {spanText(Math.max(1, Math.round(backup.duration_seconds)), language)}
      </Table.Td>
      <Table.Td data-label={t("column.verified")}>
        <BackupChips backup={backup} />
      </Table.Td>
      <Table.Td>
        <BackupActions
          backup={backup}
          onRestore={() => onDo("restore")}
          onDelete={() => onDo("delete")}
        />
      </Table.Td>
    </Table.Tr>
  );
}
