import { Button, Group, Stepper } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { applyTask } from "../../api/live.ts";
import { deployStack, preflightQuery } from "../../api/queries/stack.ts";
import type { StackOptions } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";
import { GuardedButton } from "../../components/Guarded.tsx";
import { LoadingRows } from "../../components/Loading.tsx";
import { Panel } from "../../components/Panel.tsx";
import { useRoleReason } from "../session/useSession.ts";
import { notifyStarted } from "../tasks/notify.tsx";
import { CloudStep } from "./CloudStep.tsx";
import { PreflightTable } from "./PreflightTable.tsx";
import { SizeStep } from "./SizeStep.tsx";
import { emptyWizard, toSpec, type WizardValues } from "./spec.ts";
import classes from "./Wizard.module.css";

/** Wizard that deploys a stack: size, cloud parameters, preflight check. */
export function DeployWizard({ options }: { options: StackOptions }) {
  const { t } = useTranslation("stack");
  const [step, setStep] = useState(0);
  const form = useWizardForm(step);
  const reason = useRoleReason("operator");
  const next = () => {
    if (!form.validate().hasErrors) setStep(step + 1);
  };
  return (
    <Panel p="lg">
      <Stepper
        active={step}
        onStepClick={setStep}
        size="sm"
        allowNextStepsSelect={false}
        classNames={{ separator: classes.separator, stepDescription: classes.description }}
      >
        <Stepper.Step label={t("wizard.size")} description={t("wizard.sizeText")}>
          <SizeStep form={form} presets={options.presets} />
        </Stepper.Step>
        <Stepper.Step label={t("wizard.cloud")} description={t("wizard.cloudText")}>
          <CloudStep form={form} options={options} />
        </Stepper.Step>
        <Stepper.Step label={t("wizard.check")} description={t("wizard.checkText")}>
          {step === 2 && (
            <CheckStep values={form.values} reason={reason} onBack={() => setStep(1)} />
          )}
        </Stepper.Step>
      </Stepper>
      {step < 2 && (
        <Group justify="flex-end" mt="xl">
          {step > 0 && (
            <Button variant="default" onClick={() => setStep(step - 1)}>
              {t("wizard.back")}
            </Button>
          )}
          <Button onClick={next}>{t("wizard.next")}</Button>
        </Group>
      )}
    </Panel>
  );
}

function useWizardForm(step: number) {
  const { t } = useTranslation("stack");
  // A preset fills in empty fields; a custom size requires all of them.
  const chosen = (value: string, { size }: WizardValues) =>
    step === 1 && size === "custom" && !value ? t("wizard.required") : null;
  return useForm<WizardValues>({
    initialValues: emptyWizard,
    validate: {
      name: (value) => (namePattern.test(value) ? null : t("wizard.nameRule")),
      image: chosen,
      external_network: chosen,
      master_flavor: chosen,
      node_flavor: chosen,
      etcd_flavor: (value, values) => (values.etcd > 0 ? chosen(value, values) : null),
    },
  });
}

/** Heat's pattern for stack names, limited in length so that derived server names stay valid. */
const namePattern = /^[a-zA-Z][a-zA-Z0-9_.-]{0,62}$/;

interface CheckProps {
  values: WizardValues;
  reason?: string;
  onBack: () => void;
}

function CheckStep({ values, reason, onBack }: CheckProps) {
  const { t } = useTranslation("stack");
  const client = useQueryClient();
  const spec = toSpec(values);
  const preflight = useQuery(preflightQuery(spec));
  const deploy = useMutation({
    mutationFn: () => deployStack(spec),
    onSuccess: async (task) => {
      applyTask(client, task);
      notifyStarted(task);
      await client.invalidateQueries({ queryKey: ["stack"] });
    },
  });
  const blocked = preflight.data?.ok === false ? t("wizard.doesNotFit") : undefined;
  return (
    <>
      {preflight.isPending && <LoadingRows rows={8} height={34} />}
      {preflight.error && (
        <ErrorState error={preflight.error} onRetry={() => preflight.refetch()} />
      )}
      {preflight.data && (
        <PreflightTable preflight={preflight.data} onAgain={() => preflight.refetch()} />
      )}
      {deploy.error && <ErrorState error={deploy.error} />}
      <Group justify="flex-end" mt="xl">
        <Button variant="default" onClick={onBack}>
          {t("wizard.back")}
        </Button>
        <GuardedButton
          reason={reason ?? blocked ?? (preflight.data ? undefined : t("wizard.checking"))}
          loading={deploy.isPending}
          onClick={() => deploy.mutate()}
        >
          {t("deploy")}
        </GuardedButton>
      </Group>
    </>
  );
}
