import { Alert, Radio, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { restorePointsQuery } from "../../api/queries/backups.ts";
import { instancesQuery } from "../../api/queries/instances.ts";
import type { Backup } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import wizard from "../stack/Wizard.module.css";
import classes from "./backups.module.css";
import { RestoreFilesForm } from "./RestoreFilesForm.tsx";
import { RestoreSnapshotForm } from "./RestoreSnapshotForm.tsx";
import { BackupChips } from "./StatusChips.tsx";
import { viewerZone, wallTime } from "./schedule.ts";
import { formatSize } from "./units.ts";

interface Props {
  /** The instance to restore; absent if the dialog is opened from a backup. */
  instance?: { id: string; name: string };
  /** The backup to restore, if already selected. */
  backup?: Backup;
  onClose: () => void;
}

/** Restore dialog: select a restore point, then choose how to restore it. */
export function RestoreDialog({ instance, backup, onClose }: Props) {
  const { t } = useTranslation("backups");
  const name = instance?.name ?? backup?.instance_name ?? "";
  return (
    <Dialog onClose={onClose} size="xl" title={t("restoreTitle", { instance: name })}>
      {instance ? (
        <FromList instance={instance} onClose={onClose} />
      ) : (
        backup && (
          <Stack>
            <Point backup={backup} />
            <SelectedBackup backup={backup} onClose={onClose} />
          </Stack>
        )
      )}
    </Dialog>
  );
}

function FromList({
  instance,
  onClose,
}: Required<Pick<Props, "instance">> & Pick<Props, "onClose">) {
  const { t } = useTranslation("backups");
  const { data, error, refetch } = useQuery(restorePointsQuery(instance.id));
  const [id, setId] = useState<string>();
  if (error && !data) return <ErrorState error={error} onRetry={() => refetch()} />;
  if (!data) return <LoadingRows rows={3} />;
  if (data.items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("noPoints")}
      </Text>
    );
  }
  const chosen = data.items.find((b) => b.id === id) ?? data.items[0];
  return (
    <Stack>
      <Radio.Group label={t("choosePoint")} value={chosen?.id ?? null} onChange={setId}>
        <div className={classes.points}>
          {data.items.map((backup) => (
            <Radio.Card key={backup.id} value={backup.id} className={wizard.card}>
              <Radio.Indicator />
              <Point backup={backup} />
            </Radio.Card>
          ))}
        </div>
      </Radio.Group>
      {chosen && <SelectedBackup key={chosen.id} backup={chosen} onClose={onClose} />}
    </Stack>
  );
}

function Point({ backup }: { backup: Backup }) {
  const { t, i18n } = useTranslation("backups");
  const at = wallTime(backup.created_at, i18n.language, viewerZone());
  return (
    <Stack gap={4}>
      <Text span fw={600} size="sm">
        {t(`point.${backup.method}`, { at })}
      </Text>
      <Text span size="xs" c="dimmed" className="wrap">
        {[
          backup.pre_restore ? t("preRestore") : backup.plan_name || t("noPlan"),
          backup.file_count && t("fileCount", { count: backup.file_count }),
          formatSize(backup.size_bytes, i18n.language),
          t(`consistency.${backup.consistency}`),
          backup.directories?.join(" "),
        ]
          .filter(Boolean)
          .join(" · ")}
      </Text>
      <BackupChips backup={backup} />
    </Stack>
  );
}

/** Snapshots restore in place or to a new server, files to any enrolled instance. */
function SelectedBackup({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const { t } = useTranslation("backups");
  const { data: instances, error, refetch } = useQuery(instancesQuery);
  if (error && !instances) return <ErrorState error={error} onRetry={() => refetch()} />;
  if (!instances) return <LoadingRows rows={2} />;
  if (backup.method === "snapshot") {
    return <RestoreSnapshotForm backup={backup} instances={instances} onClose={onClose} />;
  }
  const enrolled = instances.filter((i) => i.enrolled);
  if (enrolled.length === 0) {
    return (
      <Alert color="yellow" icon={<IconAlertTriangle />}>
        {t("noInstance", { instance: backup.instance_name })}
      </Alert>
    );
  }
  return <RestoreFilesForm backup={backup} instances={enrolled} onClose={onClose} />;
}
