import { Code, Group, Stack } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Stack as StackType } from "../../api/types.ts";
import { CopyButton } from "../../components/CopyButton.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { Facts } from "../../components/Facts.tsx";
import { Panel } from "../../components/Panel.tsx";

const known = [
  "floating_ip",
  "master_addresses",
  "node_addresses",
  "etcd_addresses",
  "network_id",
  "subnet_id",
  "router_id",
] as const;

/** Outputs of the stack with copy buttons. */
export function OutputsView({ outputs }: { outputs: StackType["outputs"] }) {
  const { t } = useTranslation("stack");
  const entries = Object.entries(outputs ?? {});
  if (entries.length === 0) {
    return <EmptyState icon={IconPlugConnected} title={t("noOutputs")} text={t("noOutputsText")} />;
  }
  const label = (name: string) => {
    const key = known.find((k) => k === name);
    return key ? t(`output.${key}`) : name;
  };
  return (
    <Panel p="lg">
      <Facts
        rows={entries.map(([name, value]) => [
          label(name),
          <Values key={name} label={label(name)} value={value} />,
        ])}
      />
    </Panel>
  );
}

function Values({ label, value }: { label: string; value: unknown }) {
  const values = (Array.isArray(value) ? value : [value]).map((v) =>
    typeof v === "string" ? v : JSON.stringify(v),
  );
  return (
    <Stack gap={2}>
      {values.map((text) => (
        <Group key={text} gap={4} wrap="nowrap">
          <Code className="wrap">{text}</Code>
          <CopyButton value={text} label={label} />
        </Group>
      ))}
    </Stack>
  );
}
