import { Button, List, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { unenrollInstance } from "../../api/queries/instances.ts";
import type { Instance } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { notifyStarted } from "../tasks/notify.tsx";

/** Explains the effects of unenrolling an instance and asks for confirmation. */
export function UnenrollDialog({ instance, onClose }: { instance: Instance; onClose: () => void }) {
  const { t } = useTranslation("instances");
  const client = useQueryClient();
  const unenroll = useMutation({
    mutationFn: () => unenrollInstance(instance.id),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  const agents = instance.agents.some((a) => a.state !== "absent");
  return (
    <Dialog onClose={onClose} title={t("unenrollTitle", { instance: instance.name })}>
      <Stack>
        <Text size="sm">{t("unenrollText")}</Text>
        <List size="sm" spacing={4}>
          <List.Item>{t("unenrollUser")}</List.Item>
          <List.Item>{t("unenrollNetwork")}</List.Item>
          <List.Item>{t("unenrollStays")}</List.Item>
          {agents && <List.Item>{t("unenrollAgents")}</List.Item>}
        </List>
        <DialogFooter error={unenroll.error} onCancel={onClose}>
          <Button color="red" loading={unenroll.isPending} onClick={() => unenroll.mutate()}>
            {t("unenroll")}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
