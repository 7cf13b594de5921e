import { Button, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { deleteStack } from "../../api/queries/stack.ts";
import { ConfirmByName } from "../../components/ConfirmByName.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";
import { notifyStarted } from "../tasks/notify.tsx";

/** Deletes the stack after its name has been typed. */
export function DeleteDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation("stack");
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => deleteStack(typed),
    onSuccess: (task) => {
      applyTask(client, task);
      notifyStarted(task);
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={t("delete")}>
      <Stack>
        <Text size="sm">{t("deleteText")}</Text>
        <ConfirmByName name={name} value={typed} onChange={setTyped} />
        <DialogFooter error={remove.error} onCancel={onClose}>
          <Button
            color="red"
            disabled={typed !== name}
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            {t("deleteNow")}
          </Button>
        </DialogFooter>
      </Stack>
    </Dialog>
  );
}
