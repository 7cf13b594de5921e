import { NumberInput, SimpleGrid, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { PlanForm } from "./InfoStep.tsx";

const rules = ["keepLast", "daily", "weekly", "monthly"] as const;

/** Retention rules, applied to each server; without any rule no backup is deleted. */
export function RetentionFields({ form }: { form: PlanForm }) {
  const { t } = useTranslation("backups");
  const unlimited = rules.every((rule) => !form.values[rule]);
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm">
        {unlimited ? t("keepsAll") : t("retentionText")}
      </Text>
      <SimpleGrid cols={{ base: 2, xs: 4 }}>
        {rules.map((rule) => (
          <NumberInput
            key={rule}
            label={t(`rule.${rule}`)}
            min={0}
            max={1000}
            allowDecimal={false}
            {...form.getInputProps(rule)}
          />
        ))}
      </SimpleGrid>
    </>
  );
}
