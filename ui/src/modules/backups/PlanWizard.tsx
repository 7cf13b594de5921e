import { Button, Group, Stepper } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError } from "../../api/problem.ts";
import { createPlan, replacePlan } from "../../api/queries/backups.ts";
import type { BackupPlan, Instance } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { Panel } from "../../components/Panel.tsx";
import { useRoleReason } from "../session/useSession.ts";
import wizard from "../stack/Wizard.module.css";
import { InfoStep } from "./InfoStep.tsx";
import { MethodScheduleStep } from "./MethodScheduleStep.tsx";
import {
  emptyPlanForm,
  type PlanFormError,
  toPlanForm,
  toPlanSettings,
  validatePlanForm,
} from "./planForm.ts";
import { ServersStep } from "./ServersStep.tsx";

export interface PlanWizardProps {
  /** The plan to edit; absent for a new plan. */
  plan?: BackupPlan;
  instances: Instance[];
  /** Instance IDs preselected in a new plan. */
  chosen?: string[];
  onSaved: (plan: BackupPlan) => void;
  onCancel: () => void;
  /** Called to restart with the current plan after someone else changed it. */
  onReload?: () => void;
}

/** Wizard of a backup plan: details, servers, method and schedule. */
export function PlanWizard(props: PlanWizardProps) {
  const { t } = useTranslation(["backups", "common"]);
  const { plan, instances, chosen, onSaved, onReload } = props;
  const [step, setStep] = useState(0);
  const form = useForm({ initialValues: plan ? toPlanForm(plan) : emptyPlanForm(chosen) });
  const client = useQueryClient();
  const reason = useRoleReason("operator");
  const save = useMutation({
    mutationFn: () => {
      const settings = toPlanSettings(form.values);
      return plan ? replacePlan(plan, settings) : createPlan(settings);
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["backup-plans"] });
      onSaved(saved);
    },
  });
  /** Validates the steps before `until`; on errors it opens the first invalid step and returns false. */
  const check = (until: number) => {
    const errors = validatePlanForm(form.values);
    const invalid = errors.findIndex((found, n) => n < until && Object.keys(found).length > 0);
    form.clearErrors();
    if (invalid < 0) return true;
    const texts = Object.entries(errors[invalid] ?? {}) as [string, PlanFormError][];
    form.setErrors(Object.fromEntries(texts.map(([field, error]) => [field, t(`fault.${error}`)])));
    setStep(invalid);
    return false;
  };
  const go = (to: number) => check(to) && setStep(to);
  const outdated = save.error !== null && asApiError(save.error).code === "precondition_failed";
  return (
    <Panel p="lg">
      <Stepper
        active={step}
        onStepClick={go}
        size="sm"
        classNames={{ separator: wizard.separator, stepDescription: wizard.description }}
      >
        <Stepper.Step label={t("step.details")}>
          <InfoStep form={form} onEnter={() => go(1)} />
        </Stepper.Step>
        <Stepper.Step label={t("step.servers")}>
          <ServersStep form={form} instances={instances} />
        </Stepper.Step>
        <Stepper.Step label={t("step.methodSchedule")}>
          {step === 2 && <MethodScheduleStep form={form} instances={instances} />}
        </Stepper.Step>
      </Stepper>
      {save.error && <ErrorState error={save.error} />}
      <Group justify="space-between" mt="xl">
        <Button variant="subtle" color="gray" onClick={props.onCancel}>
          {t("common:cancel")}
        </Button>
        <Group>
          {step > 0 && (
            <Button variant="default" onClick={() => setStep(step - 1)}>
              {t("back")}
            </Button>
          )}
          {step < 2 && <Button onClick={() => go(step + 1)}>{t("next")}</Button>}
          {outdated && onReload && <Button onClick={onReload}>{t("reload")}</Button>}
          {step === 2 && !outdated && (
            <GuardedButton
              reason={reason}
              loading={save.isPending}
              onClick={() => check(3) && save.mutate()}
            >
              {t("finish")}
            </GuardedButton>
          )}
        </Group>
      </Group>
    </Panel>
  );
}
