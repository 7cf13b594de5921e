import { Text } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Instance } from "../../api/types.ts";
import { GuardedButton } from "../../components/Guarded.tsx";
import { RelativeTime } from "../../components/RelativeTime.tsx";
import { useRoleReason } from "../session/useSession.ts";
import classes from "./instances.module.css";

interface Props {
  instance: Instance;
  onRestore: () => void;
}

/** Time of the last backup and, if there is one, a Restore button. */
export function LastBackup({ instance, onRestore }: Props) {
  const { t } = useTranslation("instances");
  const role = useRoleReason("operator");
  const busy = instance.task ? t("reason.busy", { instance: instance.name }) : undefined;
  if (instance.restore_points === 0) {
    return (
      <Text span size="sm" c="dimmed">
        {t("noBackup")}
      </Text>
    );
  }
  return (
    <div className={classes.backup}>
      <span>
        {instance.last_backup_at ? <RelativeTime at={instance.last_backup_at} /> : t("noBackup")}
        <Text size="xs" c="dimmed">
          {t("points", { count: instance.restore_points })}
        </Text>
      </span>
      <GuardedButton
        size="compact-xs"
        variant="light"
        reason={role ?? busy}
        leftSection={<IconRestore size={14} />}
        aria-label={t("restoreOf", { instance: instance.name })}
        onClick={onRestore}
      >
        {t("restore")}
      </GuardedButton>
    </div>
  );
}
