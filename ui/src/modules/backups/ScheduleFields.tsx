import { NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PlanForm } from "./InfoStep.tsx";
import { frequencies, timeZones, weekdayName, weekdays } from "./schedule.ts";
import { formatInterval } from "./units.ts";

const catchUpWindows = [600, 3_600, 21_600, 86_400, 604_800];

/** Frequency, time, time zone, catch-up window and random delay. */
export function ScheduleFields({ form }: { form: PlanForm }) {
  const { t, i18n } = useTranslation("backups");
  const zones = useMemo(timeZones, []);
  const { frequency, timeZone, catchUp } = form.values;
  const windows = [...new Set([...catchUpWindows, catchUp])].sort((a, b) => a - b);
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Select
          label={t("frequency")}
          allowDeselect={false}
          data={frequencies.map((value) => ({ value, label: t(`frequencyName.${value}`) }))}
          {...form.getInputProps("frequency")}
        />
        <FrequencyField form={form} />
        {frequency !== "cron" && (
          <TextInput type="time" label={t("time")} {...form.getInputProps("time")} />
        )}
        <Select
          label={t("timeZone")}
          searchable
          allowDeselect={false}
          limit={100}
          data={zones.includes(timeZone) ? zones : [timeZone, ...zones]}
          {...form.getInputProps("timeZone")}
        />
        <Select
          label={t("catchUp")}
          description={t("catchUpHelp")}
          allowDeselect={false}
          data={windows.map((n) => ({ value: String(n), label: formatInterval(n, i18n.language) }))}
          value={String(catchUp)}
          onChange={(value) => form.setFieldValue("catchUp", Number(value))}
        />
        <NumberInput
          label={t("jitter")}
          description={t("jitterHelp")}
          min={0}
          max={3600}
          allowDecimal={false}
          {...form.getInputProps("jitter")}
        />
      </SimpleGrid>
    </Stack>
  );
}

function FrequencyField({ form }: { form: PlanForm }) {
  const { t, i18n } = useTranslation("backups");
  switch (form.values.frequency) {
    case "weekly":
      return (
        <Select
          label={t("weekday")}
          allowDeselect={false}
          data={weekdays.map((value) => ({ value, label: weekdayName(value, i18n.language) }))}
          {...form.getInputProps("weekday")}
        />
      );
    case "monthly":
      return (
        <NumberInput
          label={t("dayOfMonth")}
          min={1}
          max={31}
          allowDecimal={false}
          {...form.getInputProps("dayOfMonth")}
        />
      );
    case "cron":
      return (
        <TextInput
          label={t("cron")}
          description={t("cronHelp")}
          spellCheck={false}
          autoComplete="off"
          {...form.getInputProps("cron")}
        />
      );
    default:
      return null;
  }
}
