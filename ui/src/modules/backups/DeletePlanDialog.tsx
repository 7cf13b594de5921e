import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { deletePlan } from "../../api/queries/backups.ts";
import type { BackupPlan } from "../../api/types.ts";
import { ConfirmByName } from "../../components/ConfirmByName.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";

interface Props {
  plan: BackupPlan;
  onClose: () => void;
  onDeleted?: () => void;
}

/** Deletes a plan; its backups only when that is asked for and the name typed. */
export function DeletePlanDialog({ plan, onClose, onDeleted }: Props) {
  const { t } = useTranslation(["backups", "common"]);
  const client = useQueryClient();
  const [withBackups, setWithBackups] = useState(false);
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => deletePlan(plan.id, withBackups),
    onSuccess: async () => {
      onClose();
      onDeleted?.();
      client.removeQueries({ queryKey: ["backup-plans", "detail", plan.id] });
      await client.invalidateQueries({ queryKey: ["backup-plans", "list"] });
      await client.invalidateQueries({ queryKey: ["backups"] });
    },
  });
  return (
    <Dialog onClose={onClose} title={t("deletePlanTitle", { name: plan.name })}>
      <Stack>
        <Text size="sm">{t("deletePlanText")}</Text>
        <Checkbox
          checked={withBackups}
          onChange={(event) => setWithBackups(event.currentTarget.checked)}
          label={t("deleteItsBackups")}
          description={t("deleteItsBackupsHelp")}
        />
        {withBackups && <ConfirmByName name={plan.name} value={typed} onChange={setTyped} />}
        {remove.error && <ErrorState error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button
            color="red"
            disabled={withBackups && typed !== plan.name}
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            {withBackups ? t("deletePlanAndBackups") : t("deletePlan")}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
