import { Button, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { deleteBackup } from "../../api/queries/backups.ts";
import type { Backup } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { notifyStarted } from "../tasks/notify.tsx";
import { viewerZone, wallTime } from "./schedule.ts";

export function DeleteBackupDialog({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const { t, i18n } = useTranslation("backups");
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteBackup(backup.id),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  const at = wallTime(backup.created_at, i18n.language, viewerZone());
  return (
    <Dialog onClose={onClose} title={t("deleteBackupTitle", { instance: backup.instance_name })}>
      <Stack>
        <Text size="sm">{t("deleteBackupText", { at })}</Text>
        <DialogFooter error={remove.error} onCancel={onClose}>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t("deleteBackup")}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
