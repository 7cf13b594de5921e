import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { uninstallApp } from "../../api/queries/apps.ts";
import type { App } from "../../api/types.ts";
import { ConfirmByName } from "../../components/ConfirmByName.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { notifyStarted } from "../tasks/notify.tsx";

/** Uninstall keeps the data, unless it is asked for and the name typed. */
export function UninstallDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const { t } = useTranslation(["apps", "common"]);
  const client = useQueryClient();
  const [deleteVolume, setDeleteVolume] = useState(false);
  const [typed, setTyped] = useState("");
  const uninstall = useMutation({
    mutationFn: () =>
      uninstallApp(app.name, {
        delete_volume: deleteVolume,
        confirm: deleteVolume ? typed : undefined,
      }),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={t("uninstallApp", { app: app.title })}>
      <Stack>
        <Text size="sm">{t("uninstallText")}</Text>
        <Checkbox
          checked={deleteVolume}
          onChange={(event) => setDeleteVolume(event.currentTarget.checked)}
          label={t("deleteVolume")}
          description={t("deleteVolumeHelp")}
        />
        {deleteVolume && <ConfirmByName name={app.name} value={typed} onChange={setTyped} />}
        {uninstall.error && <ErrorState error={uninstall.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button
            color="red"
            disabled={deleteVolume && typed !== app.name}
            loading={uninstall.isPending}
            onClick={() => uninstall.mutate()}
          >
            {deleteVolume ? t("uninstallAndDelete") : t("uninstall")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
