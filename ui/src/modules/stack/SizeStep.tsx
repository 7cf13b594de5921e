import { NumberInput, Radio, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import type { StackOptions } from "../../api/types.ts";
import type { WizardValues } from "./spec.ts";
import classes from "./Wizard.module.css";

interface Props {
  form: UseFormReturnType<WizardValues>;
  presets: StackOptions["presets"];
}

const sizes = ["small", "ha", "custom"] as const;

export function SizeStep({ form, presets }: Props) {
  const { t } = useTranslation("stack");
  const counts = (name: string) => presets.find((preset) => preset.name === name);
  return (
    <Stack gap="lg" mt="md">
      <TextInput
        label={t("name")}
        description={t("nameHelp")}
        maw={360}
        {...form.getInputProps("name")}
      />
      <Radio.Group label={t("wizard.size")} {...form.getInputProps("size")}>
        <SimpleGrid cols={{ base: 1, sm: 3 }} mt="xs">
          {sizes.map((size) => (
            <Radio.Card key={size} value={size} className={classes.card}>
              <Radio.Indicator />
              <span>
                <Text span fw={650} display="block">
                  {t(`size.${size}`)}
                </Text>
                <Text span size="sm" c="dimmed" display="block">
                  {t(`sizeText.${size}`)}
                </Text>
                {counts(size) && (
                  <Text span size="sm" mt={6} display="block">
                    {t("counts", counts(size))}
                  </Text>
                )}
              </span>
            </Radio.Card>
          ))}
        </SimpleGrid>
      </Radio.Group>
      {form.values.size === "custom" && (
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <NumberInput
            label={t("masters")}
            min={1}
            max={3}
            clampBehavior="strict"
            {...form.getInputProps("masters")}
          />
          <NumberInput
            label={t("nodes")}
            min={0}
            max={20}
            clampBehavior="strict"
            {...form.getInputProps("nodes")}
          />
          <Select
            label={t("etcd")}
            description={t("etcdHelp")}
            data={["0", "3", "5"]}
            allowDeselect={false}
            value={String(form.values.etcd)}
            onChange={(value) => form.setFieldValue("etcd", Number(value) as WizardValues["etcd"])}
          />
        </SimpleGrid>
      )}
    </Stack>
  );
}
