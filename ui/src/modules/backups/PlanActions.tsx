import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerTrackNext,
  IconTrash,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BackupPlan } from "../../api/types.ts";
import { GuardedButton } from "../../components/Guarded.tsx";
import { useRoleReason } from "../session/useSession.ts";
import classes from "./backups.module.css";
import { DeletePlanDialog } from "./DeletePlanDialog.tsx";
import { GuardedItem } from "./GuardedItem.tsx";
import { planHealth } from "./health.ts";
import { PausePlanDialog } from "./PausePlanDialog.tsx";
import { usePlanActions } from "./usePlanActions.ts";

interface Props {
  plan: BackupPlan;
  onDeleted?: () => void;
}

/** Run-now button and a menu with the other actions on a plan. */
export function PlanActions({ plan, onDeleted }: Props) {
  const { t } = useTranslation("backups");
  const role = useRoleReason("operator");
  const navigate = useNavigate();
  const { run, resume } = usePlanActions(plan);
  const [dialog, setDialog] = useState<"pause" | "delete">();
  const running = planHealth(plan) === "running" ? t("reason.running") : undefined;
  const name = plan.name;
  return (
    <div className={classes.actions}>
      <GuardedButton
        size="xs"
        variant="light"
        reason={role ?? running}
        loading={run.isPending}
        leftSection={<IconPlayerPlay size={14} />}
        aria-label={t("runPlan", { name })}
        onClick={() => run.mutate()}
      >
        {t("runNow")}
      </GuardedButton>
      <Menu
        position="bottom-end"
        withArrow
        withInitialFocusPlaceholder={false}
        menuItemTabIndex={0}
      >
        <Menu.Target>
          <ActionIcon size={30} variant="subtle" color="gray" aria-label={t("planMenu", { name })}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <GuardedItem
            reason={role}
            icon={IconPencil}
            onClick={() => navigate({ to: "/backups/plans/$id/edit", params: { id: plan.id } })}
          >
            {t("edit")}
          </GuardedItem>
          {plan.paused ? (
            <GuardedItem reason={role} icon={IconPlayerTrackNext} onClick={() => resume.mutate()}>
              {t("resume")}
            </GuardedItem>
          ) : (
            <GuardedItem reason={role} icon={IconPlayerPause} onClick={() => setDialog("pause")}>
              {t("pause")}
            </GuardedItem>
          )}
          <GuardedItem
            color="red"
            reason={role}
            icon={IconTrash}
            onClick={() => setDialog("delete")}
          >
            {t("delete")}
          </GuardedItem>
        </Menu.Dropdown>
      </Menu>
      {dialog === "pause" && <PausePlanDialog plan={plan} onClose={() => setDialog(undefined)} />}
      {dialog === "delete" && (
        <DeletePlanDialog plan={plan} onClose={() => setDialog(undefined)} onDeleted={onDeleted} />
      )}
    </div>
  );
}
