import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { uninstallApp } from "../../api/queries/apps.ts";
import type { App } from "../../api/types.ts";
import { RemoveDialog } from "../../components/RemoveDialog.tsx";
import { notifyStarted } from "../tasks/notify.tsx";

/** Uninstalls an app. The volume is retained unless its deletion is confirmed by name. */
export function UninstallDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const { t } = useTranslation("apps");
  const client = useQueryClient();
  const uninstall = useMutation({
    mutationFn: (withVolume: boolean) =>
      uninstallApp(app.name, {
        delete_volume: withVolume,
        confirm: withVolume ? app.name : undefined,
      }),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  return (
    <RemoveDialog
      title={t("uninstallApp", { app: app.title })}
      text={t("uninstallText")}
      name={app.name}
      data={{ label: t("deleteVolume"), help: t("deleteVolumeHelp") }}
      button={{ alone: t("uninstall"), withData: t("uninstallAndDelete") }}
      remove={uninstall}
      onClose={onClose}
    />
  );
}
