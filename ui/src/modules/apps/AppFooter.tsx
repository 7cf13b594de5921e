import { Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconArrowUpRight,
  IconDeviceFloppy,
  IconPlayerPlay,
  IconPlayerStop,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { stopApp } from "../../api/queries/apps.ts";
import type { App } from "../../api/types.ts";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import { notifyError, notifyStarted } from "../tasks/notify.tsx";
import classes from "./AppDrawer.module.css";
import { isInstalled, isLaunchable } from "./health.ts";
import { UninstallDialog } from "./UninstallDialog.tsx";
import type { SettingsDraft } from "./useSettingsDraft.ts";

interface Props {
  app: App;
  draft: SettingsDraft;
  launchReason?: string;
  onLaunch: () => void;
  onClose: () => void;
}

/** Footer of the app drawer: save while settings are edited, otherwise the actions of the app. */
export function AppFooter({ app, draft, launchReason, onLaunch, onClose }: Props) {
  const { t } = useTranslation("apps");
  const busy = useBusyReason(app);
  if (draft.changes.length > 0) {
    return (
      <Group className={classes.foot} justify="flex-end">
        <Button variant="default" onClick={draft.reset}>
          {t("discard")}
        </Button>
        <GuardedButton
          reason={draft.reason ?? busy}
          leftSection={<IconDeviceFloppy size={16} />}
          onClick={() => void draft.review()}
        >
          {t("reviewAndSave", { count: draft.changes.length })}
        </GuardedButton>
      </Group>
    );
  }
  return (
    <Group className={classes.foot} justify="space-between">
      <Group gap="xs">
        {isLaunchable(app) ? (
          <GuardedButton
            reason={launchReason}
            leftSection={<IconPlayerPlay size={16} />}
            onClick={onLaunch}
          >
            {t("launch")}
          </GuardedButton>
        ) : (
          <StopButton app={app} />
        )}
        {app.url && !isLaunchable(app) && (
          <GuardedButton
            variant="light"
            href={app.url}
            reason={app.health === "Progressing" ? t("notReady") : undefined}
            rightSection={<IconArrowUpRight size={16} />}
          >
            {t("go")}
          </GuardedButton>
        )}
      </Group>
      {isInstalled(app) && <UninstallButton app={app} onDone={onClose} />}
    </Group>
  );
}

/** Only one operation at a time may run on an app; a second one would be refused. */
function useBusyReason(app: App): string | undefined {
  const { t } = useTranslation("apps");
  return app.task ? t("busy") : undefined;
}

function StopButton({ app }: { app: App }) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const reason = useRoleReason("operator");
  const busy = useBusyReason(app);
  const stop = useMutation({
    mutationFn: () => stopApp(app.name),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
    },
    onError: notifyError,
  });
  return (
    <GuardedButton
      variant="default"
      reason={reason ?? busy}
      loading={stop.isPending}
      leftSection={<IconPlayerStop size={16} />}
      onClick={() => stop.mutate()}
    >
      {t("stop")}
    </GuardedButton>
  );
}

function UninstallButton({ app, onDone }: { app: App; onDone: () => void }) {
  const { t } = useTranslation("apps");
  const reason = useRoleReason("operator");
  const busy = useBusyReason(app);
  const [opened, dialog] = useDisclosure();
  const close = () => {
    dialog.close();
    onDone();
  };
  return (
    <>
      <GuardedButton
        variant="subtle"
        color="red"
        reason={reason ?? busy}
        leftSection={<IconTrash size={16} />}
        onClick={dialog.open}
      >
        {t("uninstall")}
      </GuardedButton>
      {opened && <UninstallDialog app={app} onClose={close} />}
    </>
  );
}
