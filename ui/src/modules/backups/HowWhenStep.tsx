import { Alert, Grid, Radio, Stack, Switch, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Instance } from "../../api/types.ts";
import { backupMethods } from "../../search.ts";
import wizard from "../stack/Wizard.module.css";
import { faultsOf, scheduleOf } from "./draft.ts";
import type { PlanForm } from "./InfoStep.tsx";
import { SchedulePreview } from "./NextRuns.tsx";
import { RetentionFields } from "./RetentionFields.tsx";
import { ScheduleFields } from "./ScheduleFields.tsx";
import { SoftFields } from "./SoftFields.tsx";

interface Props {
  form: PlanForm;
  instances: Instance[];
}

/** How: a snapshot or soft; when; what is kept; and beside it when that would run. */
export function HowWhenStep({ form, instances }: Props) {
  const { t } = useTranslation("backups");
  const { time, cron, dayOfMonth } = faultsOf(form.values)[2];
  const schedulable = !time && !cron && !dayOfMonth;
  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Stack gap="xl">
          <Method form={form} instances={instances} />
          <section>
            <Title order={2} size="h4" mb="sm">
              {t("when")}
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
          <SchedulePreview schedule={scheduleOf(form.values)} />
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
  const outside = instances.filter((i) => !i.enrolled && form.values.instances.includes(i.id));
  return (
    <section>
      <Radio.Group
        label={
          <Text span fw={650} size="lg">
            {t("how")}
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
          label={t("together")}
          description={t("togetherText")}
          {...form.getInputProps("together", { type: "checkbox" })}
        />
      )}
      {form.values.method === "soft" && (
        <Stack gap="md" mt="md">
          {outside.length > 0 && (
            <Alert color="yellow" icon={<IconAlertTriangle />}>
              {t("notEnrolled", {
                count: outside.length,
                names: outside.map((i) => i.name).join(", "),
              })}
            </Alert>
          )}
          <SoftFields form={form} />
        </Stack>
      )}
    </section>
  );
}
