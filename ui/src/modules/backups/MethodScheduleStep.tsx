import { Alert, Grid, Radio, Stack, Switch, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Instance } from "../../api/types.ts";
import { backupMethods } from "../../search.ts";
import wizard from "../stack/Wizard.module.css";
import { FileBackupFields } from "./FileBackupFields.tsx";
import type { PlanForm } from "./InfoStep.tsx";
import { SchedulePreview } from "./NextRuns.tsx";
import { toSchedule, validatePlanForm } from "./planForm.ts";
import { RetentionFields } from "./RetentionFields.tsx";
import { ScheduleFields } from "./ScheduleFields.tsx";

interface Props {
  form: PlanForm;
  instances: Instance[];
}

/** Wizard step: method, schedule and retention, with a preview of the next runs. */
export function MethodScheduleStep({ form, instances }: Props) {
  const { t } = useTranslation("backups");
  const { time, cron, dayOfMonth } = validatePlanForm(form.values)[2];
  const schedulable = !time && !cron && !dayOfMonth;
  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Stack gap="xl">
          <Method form={form} instances={instances} />
          <section>
            <Title order={2} size="h4" mb="sm">
              {t("scheduleTitle")}
            </Title>
            <ScheduleFields form={form} />
          </section>
          <section>
            <Title order={2} size="h4" mb={4}>
              {t("retention")}
            </Title>
            <RetentionFields form={form} />
          </section>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Title order={2} size="h4" mb="sm">
          {t("nextRuns")}
        </Title>
        {schedulable ? (
          <SchedulePreview schedule={toSchedule(form.values)} />
        ) : (
          <Text size="sm" c="dimmed">
            {t("scheduleIncomplete")}
          </Text>
        )}
      </Grid.Col>
    </Grid>
  );
}

function Method({ form, instances }: Props) {
  const { t } = useTranslation("backups");
  const notEnrolled = instances.filter((i) => !i.enrolled && form.values.instances.includes(i.id));
  return (
    <section>
      <Radio.Group
        label={
          <Text span fw={650} size="lg">
            {t("methodTitle")}
          </Text>
        }
        {...form.getInputProps("method")}
      >
        <Stack gap="xs" mt="xs">
          {backupMethods.map((method) => (
            <Radio.Card key={method} value={method} className={wizard.card}>
              <Radio.Indicator />
              <div>
                <Text fw={600}>{t(`method.${method}`)}</Text>
                <Text size="sm" c="dimmed">
                  {t(`methodText.${method}`)}
                </Text>
              </div>
            </Radio.Card>
          ))}
        </Stack>
      </Radio.Group>
      {form.values.method === "snapshot" && (
        <Switch
          mt="md"
          label={t("consistencyGroup")}
          description={t("consistencyGroupText")}
          {...form.getInputProps("consistencyGroup", { type: "checkbox" })}
        />
      )}
      {form.values.method === "soft" && (
        <Stack gap="md" mt="md">
          {notEnrolled.length > 0 && (
            <Alert color="yellow" icon={<IconAlertTriangle />}>
              {t("notEnrolled", {
                count: notEnrolled.length,
                names: notEnrolled.map((i) => i.name).join(", "),
              })}
            </Alert>
          )}
          <FileBackupFields form={form} />
        </Stack>
      )}
    </section>
  );
}
