import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pausePlan } from "../../api/queries/backups.ts";
import type { BackupPlan } from "../../api/types.ts";
import { Dialog } from "../../components/Dialog.tsx";
import { DialogFooter } from "../../components/DialogFooter.tsx";

/** Pauses a plan with an optional note that explains why. */
export function PausePlanDialog({ plan, onClose }: { plan: BackupPlan; onClose: () => void }) {
  const { t } = useTranslation("backups");
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const pause = useMutation({
    mutationFn: () => pausePlan(plan.id, note.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["backup-plans"] });
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={t("pauseTitle", { name: plan.name })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          pause.mutate();
        }}
      >
        <Stack>
          <Text size="sm">{t("pauseText")}</Text>
          <TextInput
            label={t("note")}
            placeholder={t("noteExample")}
            maxLength={500}
            data-autofocus
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <DialogFooter error={pause.error} onCancel={onClose}>
            <Button type="submit" loading={pause.isPending}>
              {t("pause")}
            </Button>
          </DialogFooter>
        </Stack>
      </form>
    </Dialog>
  );
}
