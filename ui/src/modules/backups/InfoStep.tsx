import { Stack, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import type { PlanFormValues } from "./planForm.ts";

export type PlanForm = UseFormReturnType<PlanFormValues>;

export function InfoStep({ form, onEnter }: { form: PlanForm; onEnter: () => void }) {
  const { t } = useTranslation("backups");
  return (
    <Stack gap="md" maw={560}>
      <Text size="sm" c="dimmed">
        {t("detailsText")}
      </Text>
      <TextInput
        label={t("name")}
        placeholder={t("nameExample")}
        maxLength={100}
        autoComplete="off"
        data-autofocus
        {...form.getInputProps("name")}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          onEnter();
        }}
      />
    </Stack>
  );
}
