import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { deletePlan } from "../../api/queries/backups.ts";
import type { BackupPlan } from "../../api/types.ts";
import { RemoveDialog } from "../../components/RemoveDialog.tsx";

interface Props {
  plan: BackupPlan;
  onClose: () => void;
  onDeleted?: () => void;
}

/** Deletes a plan. Its backups are kept unless their deletion is confirmed by name. */
export function DeletePlanDialog({ plan, onClose, onDeleted }: Props) {
  const { t } = useTranslation("backups");
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (withBackups: boolean) => deletePlan(plan.id, withBackups),
    onSuccess: async () => {
      onClose();
      onDeleted?.();
      client.removeQueries({ queryKey: ["backup-plans", "detail", plan.id] });
      await client.invalidateQueries({ queryKey: ["backup-plans", "list"] });
      await client.invalidateQueries({ queryKey: ["backups"] });
    },
  });
  return (
    <RemoveDialog
      title={t("deletePlanTitle", { name: plan.name })}
      text={t("deletePlanText")}
      name={plan.name}
      data={{ label: t("deleteItsBackups"), help: t("deleteItsBackupsHelp") }}
      button={{ alone: t("deletePlan"), withData: t("deletePlanAndBackups") }}
      remove={remove}
      onClose={onClose}
    />
  );
}
