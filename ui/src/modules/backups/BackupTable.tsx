import { Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Backup } from "../../api/types.ts";
import { Panel } from "../../components/Panel.tsx";
import tables from "../../components/table.module.css";
import { BackupActions } from "./BackupActions.tsx";
import { DeleteBackupDialog } from "./DeleteBackupDialog.tsx";
import { RestoreDialog } from "./RestoreDialog.tsx";
import { BackupChips } from "./StatusChips.tsx";
import { viewerZone, wallTime } from "./schedule.ts";
import { formatInterval, formatSize } from "./units.ts";

interface OpenDialog {
  action: "restore" | "delete";
  backup: Backup;
}

/** Table of backups with their properties and actions. */
export function BackupTable({ backups }: { backups: Backup[] }) {
  const { t } = useTranslation("backups");
  const [dialog, setDialog] = useState<OpenDialog>();
  const closeDialog = () => setDialog(undefined);
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
              onAction={(action) => setDialog({ action, backup })}
            />
          ))}
        </Table.Tbody>
      </Table>
      {dialog?.action === "restore" && (
        <RestoreDialog backup={dialog.backup} onClose={closeDialog} />
      )}
      {dialog?.action === "delete" && (
        <DeleteBackupDialog backup={dialog.backup} onClose={closeDialog} />
      )}
    </Panel>
  );
}

interface RowProps {
  backup: Backup;
  onAction: (action: OpenDialog["action"]) => void;
}

function BackupRow({ backup, onAction }: RowProps) {
  const { t, i18n } = useTranslation("backups");
  const language = i18n.language;
  return (
    <Table.Tr>
      <Table.Td data-label={t("column.instance")}>
        <Link className="plainlink wrap" to="/instances" search={{ instance: backup.instance }}>
          {backup.instance_name || backup.instance}
        </Link>
        <Text size="xs" c="dimmed" className="wrap">
          {backup.pre_restore ? t("preRestore") : backup.plan_name || t("noPlan")}
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
        <span>{formatSize(backup.size_bytes, language)}</span>
        {backup.file_count ? (
          <Text size="xs" c="dimmed">
            {t("fileCount", { count: backup.file_count })}
          </Text>
        ) : null}
        <Text size="xs" c="dimmed">
          {t("changed", { size: formatSize(backup.changed_bytes, language) })}
        </Text>
      </Table.Td>
      <Table.Td data-label={t("column.duration")} className={tables.nowrap}>
        {formatInterval(Math.max(1, Math.round(backup.duration_seconds)), language)}
      </Table.Td>
      <Table.Td data-label={t("column.verified")}>
        <BackupChips backup={backup} />
      </Table.Td>
      <Table.Td>
        <BackupActions
          backup={backup}
          onRestore={() => onAction("restore")}
          onDelete={() => onAction("delete")}
        />
      </Table.Td>
    </Table.Tr>
  );
}
