import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconLock,
  IconLockOpen,
  IconRestore,
  IconShieldCheck,
  IconTestPipe,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { holdBackup, verifyBackup } from "../../api/queries/backups.ts";
import type { Backup } from "../../api/types.ts";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";
import classes from "./backups.module.css";
import { GuardedItem } from "./GuardedItem.tsx";
import { viewerZone, wallTime } from "./schedule.ts";

interface Props {
  backup: Backup;
  onRestore: () => void;
  onDelete: () => void;
}

/** Restore button and a menu with the other actions on a backup. */
export function BackupActions({ backup, onRestore, onDelete }: Props) {
  const { t, i18n } = useTranslation("backups");
  const role = useRoleReason("operator");
  const { verify, hold } = useBackupActions(backup);
  const names = {
    instance: backup.instance_name,
    at: wallTime(backup.created_at, i18n.language, viewerZone()),
  };
  return (
    <div className={classes.actions}>
      <GuardedButton
        size="xs"
        variant="light"
        reason={role}
        leftSection={<IconRestore size={14} />}
        aria-label={t("restoreBackup", names)}
        onClick={onRestore}
      >
        {t("restore")}
      </GuardedButton>
      <Menu
        position="bottom-end"
        withArrow
        withInitialFocusPlaceholder={false}
        menuItemTabIndex={0}
      >
        <Menu.Target>
          <ActionIcon size={30} variant="subtle" color="gray" aria-label={t("backupMenu", names)}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <GuardedItem reason={role} icon={IconShieldCheck} onClick={() => verify.mutate(false)}>
            {t("verify")}
          </GuardedItem>
          {backup.method === "soft" && (
            <GuardedItem reason={role} icon={IconTestPipe} onClick={() => verify.mutate(true)}>
              {t("restoreTest")}
            </GuardedItem>
          )}
          <GuardedItem
            reason={role}
            icon={backup.held ? IconLockOpen : IconLock}
            onClick={() => hold.mutate()}
          >
            {backup.held ? t("release") : t("hold")}
          </GuardedItem>
          <GuardedItem
            color="red"
            reason={role ?? (backup.held ? t("reason.held") : undefined)}
            icon={IconTrash}
            onClick={onDelete}
          >
            {t("delete")}
          </GuardedItem>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

function useBackupActions(backup: Backup) {
  const client = useQueryClient();
  const verify = useMutation({
    mutationFn: (restoreTest: boolean) => verifyBackup(backup.id, restoreTest),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
    },
    onError: notifyError,
  });
  const hold = useMutation({
    mutationFn: () => holdBackup(backup.id, !backup.held),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["backups"] });
      await client.invalidateQueries({ queryKey: ["backup-plans", "retention"] });
    },
    onError: notifyError,
  });
  return { verify, hold };
}
