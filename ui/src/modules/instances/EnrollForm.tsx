import {
  Alert,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { createToken } from "../../api/queries/enrollment.ts";
import type { App, CreatedToken, Instance } from "../../api/types.ts";
import { ErrorState } from "../../components/ErrorState.tsx";

/** Selectable lifetimes of a token, in seconds. */
const lifetimes = { "3600": "hour", "28800": "shift", "86400": "day", "604800": "week" } as const;
const daySeconds = 86_400;

interface Props {
  apps: App[];
  instances: Instance[];
  bound?: Instance;
  onCreated: (token: CreatedToken) => void;
}

export function EnrollForm({ apps, instances, bound, onCreated }: Props) {
  const { t } = useTranslation("instances");
  const client = useQueryClient();
  const form = useForm({
    initialValues: {
      label: "",
      ttl: "3600" as keyof typeof lifetimes,
      uses: 1 as number | "",
      agents: [] as string[],
      instance: bound?.id ?? null,
    },
  });
  const create = useMutation({
    mutationFn: (v: typeof form.values) =>
      createToken({
        label: v.label.trim() || undefined,
        ttl_seconds: Number(v.ttl),
        max_uses: v.uses || 1,
        instance_id: v.instance ?? undefined,
        agents: v.agents.length > 0 ? v.agents : undefined,
      }),
    onSuccess: (token) => {
      void client.invalidateQueries({ queryKey: ["enrollment-tokens"] });
      onCreated(token);
    },
  });
  const launched = apps.filter((app) => app.agent.supported && app.revision > 0);
  const notEnrolled = instances.filter((i) => !i.enrolled);
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
      <Stack>
        <Text size="sm">{t("enrollIntro")}</Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <TextInput
            label={t("field.label")}
            placeholder={t("field.labelExample")}
            maxLength={100}
            data-autofocus
            {...form.getInputProps("label")}
          />
          <Select
            label={t("field.instance")}
            placeholder={t("field.anyInstance")}
            data={notEnrolled.map((i) => ({ value: i.id, label: i.name }))}
            searchable
            clearable
            limit={100}
            nothingFoundMessage={t("noneFound")}
            clearButtonProps={{ "aria-label": t("field.anyInstance") }}
            {...form.getInputProps("instance")}
          />
          <Select
            label={t("field.lifetime")}
            allowDeselect={false}
            data={Object.entries(lifetimes).map(([value, name]) => ({
              value,
              label: t(`lifetime.${name}`),
            }))}
            {...form.getInputProps("ttl")}
          />
          <NumberInput
            label={t("field.uses")}
            min={1}
            max={1000}
            allowDecimal={false}
            clampBehavior="strict"
            {...form.getInputProps("uses")}
          />
        </SimpleGrid>
        <MultiSelect
          label={t("field.agents")}
          description={launched.length > 0 ? t("field.agentsHelp") : t("field.agentsNone")}
          disabled={launched.length === 0}
          data={launched.map((app) => ({ value: app.name, label: app.title }))}
          searchable
          clearable
          clearButtonProps={{ "aria-label": t("field.agentsClear") }}
          {...form.getInputProps("agents")}
        />
        {Number(form.values.ttl) > daySeconds && (
          <Alert color="yellow" icon={<IconAlertTriangle />}>
            {t("longLived")}
          </Alert>
        )}
        {create.error && <ErrorState error={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t("createToken")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
