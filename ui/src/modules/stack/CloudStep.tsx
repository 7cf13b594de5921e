import { Select, SimpleGrid, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useTranslation } from "react-i18next";
import type { StackOptions } from "../../api/types.ts";
import { choices, type WizardValues } from "./spec.ts";

interface Props {
  form: UseFormReturnType<WizardValues>;
  options: StackOptions;
}

/** Wizard step with key pair, image, network and flavors; optional with a preset. */
export function CloudStep({ form, options }: Props) {
  const { t } = useTranslation(["stack", "tasks"]);
  const custom = form.values.size === "custom";
  const data = choices(options);
  const field = (name: keyof WizardValues) => ({
    placeholder: custom ? t("wizard.choose") : t("wizard.automatic"),
    clearable: true,
    searchable: true,
    clearButtonProps: { "aria-label": t("tasks:filter.clear") },
    ...form.getInputProps(name),
    value: (form.values[name] as string) || null,
    onChange: (value: string | null) => form.setFieldValue(name, value ?? ""),
  });
  return (
    <>
      <Text mt="md" mb="sm" c="dimmed">
        {custom ? t("wizard.customHelp") : t("wizard.presetHelp")}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label={t("keyPair")}
          data={data.key_pair}
          {...field("key_pair")}
          placeholder={t("keyPairNone")}
        />
        <Select label={t("image")} data={data.image} {...field("image")} />
        <Select
          label={t("externalNetwork")}
          data={data.external_network}
          {...field("external_network")}
        />
        <Select label={t("volumeType")} data={data.volume_type} {...field("volume_type")} />
        <Select label={t("masterFlavor")} data={data.flavor} {...field("master_flavor")} />
        <Select label={t("nodeFlavor")} data={data.flavor} {...field("node_flavor")} />
        <Select label={t("etcdFlavor")} data={data.flavor} {...field("etcd_flavor")} />
      </SimpleGrid>
    </>
  );
}
