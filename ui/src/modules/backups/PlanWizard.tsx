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
import { type DraftFault, draftOf, emptyDraft, faultsOf, settingsOf } from "./draft.ts";
import { HowWhenStep } from "./HowWhenStep.tsx";
import { InfoStep } from "./InfoStep.tsx";
import { ServersStep } from "./ServersStep.tsx";

export interface PlanWizardProps {
  /** The plan to change; absent for a new one. */
  plan?: BackupPlan;
  instances: Instance[];
  /** Chosen from the start in a new plan. */
  chosen?: string[];
  onSaved: (plan: BackupPlan) => void;
  onCancel: () => void;
  /** Somebody else changed the plan: begin again with what it is now. */
  onReload?: () => void;
}

/** The three steps to a backup plan: its name, its servers, how and when. */
export function PlanWizard(props: PlanWizardProps) {
  const { t } = useTranslation(["backups", "common"]);
  const { plan, instances, chosen, onSaved, onReload } = props;
  const [step, setStep] = useState(0);
  const form = useForm({ initialValues: plan ? draftOf(plan) : emptyDraft(chosen) });
  const client = useQueryClient();
  const reason = useRoleReason("operator");
  const save = useMutation({
    mutationFn: () => {
      const settings = settingsOf(form.values);
      return plan ? replacePlan(plan, settings) : createPlan(settings);
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["backup-plans"] });
      onSaved(saved);
    },
  });
  /** Goes on to a step, or to the first before it that lacks something. */
  const check = (until: number) => {
    const faults = faultsOf(form.values);
    const bad = faults.findIndex((found, n) => n < until && Object.keys(found).length > 0);
    form.clearErrors();
    if (bad < 0) return true;
    const texts = Object.entries(faults[bad] ?? {}) as [string, DraftFault][];
    form.setErrors(Object.fromEntries(texts.map(([field, fault]) => [field, t(`fault.${fault}`)])));
    setStep(bad);
    return false;
  };
  const go = (to: number) => check(to) && setStep(to);
  const stale = save.error !== null && asApiError(save.error).code === "stale";
  return (
    <Panel p="lg">
      <Stepper
        active={step}
        onStepClick={go}
        size="sm"
        classNames={{ separator: wizard.separator, stepDescription: wizard.description }}
      >
        <Stepper.Step label={t("step.info")}>
          <InfoStep form={form} onEnter={() => go(1)} />
        </Stepper.Step>
        <Stepper.Step label={t("step.servers")}>
          <ServersStep form={form} instances={instances} />
        </Stepper.Step>
        <Stepper.Step label={t("step.howWhen")}>
          {step === 2 && <HowWhenStep form={form} instances={instances} />}
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
          {stale && onReload && <Button onClick={onReload}>{t("reload")}</Button>}
          {step === 2 && !stale && (
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
