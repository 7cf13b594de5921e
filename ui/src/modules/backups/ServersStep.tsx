import { Alert, Checkbox, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Instance } from "../../api/types.ts";
import tables from "../../components/table.module.css";
import { EnrolledChip, InstanceChip } from "../instances/StatusChips.tsx";
import classes from "./backups.module.css";
import type { PlanForm } from "./InfoStep.tsx";

/** Selection of servers, including deleted ones that are still in the plan so that they can be removed. */
export function ServersStep({ form, instances }: { form: PlanForm; instances: Instance[] }) {
  const { t } = useTranslation("backups");
  const [q, setQ] = useState("");
  const chosen = new Set(form.values.instances);
  const missing = form.values.instances.filter((id) => !instances.some((i) => i.id === id));
  const shown = instances.filter((i) => i.name.toLowerCase().includes(q.trim().toLowerCase()));
  const set = (ids: Set<string>) => {
    form.clearFieldError("instances");
    form.setFieldValue("instances", [...ids]);
  };
  const toggle = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    set(next);
  };
  const all = shown.length > 0 && shown.every((i) => chosen.has(i.id));
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t("serversText")}
      </Text>
      {instances.length > 10 && (
        <TextInput
          maw={320}
          label={t("findServer")}
          value={q}
          onChange={(event) => setQ(event.currentTarget.value)}
        />
      )}
      {form.errors.instances && (
        <Alert color="red" icon={<IconAlertTriangle />} role="alert">
          {form.errors.instances}
        </Alert>
      )}
      <div className={classes.servers}>
        <Table className={tables.table} aria-label={t("servers")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("serverName")}</Table.Th>
              <Table.Th>{t("status")}</Table.Th>
              <Table.Th>{t("enrollment")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {missing.map((id) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Checkbox
                    checked
                    label={<code className="wrap">{id}</code>}
                    onChange={() => toggle(id, false)}
                  />
                </Table.Td>
                <Table.Td>{t("serverDeleted")}</Table.Td>
                <Table.Td />
              </Table.Tr>
            ))}
            {shown.map((i) => (
              <Table.Tr key={i.id}>
                <Table.Td>
                  <Checkbox
                    checked={chosen.has(i.id)}
                    label={i.name}
                    onChange={(event) => toggle(i.id, event.currentTarget.checked)}
                  />
                </Table.Td>
                <Table.Td data-label={t("status")}>
                  <InstanceChip status={i.status} />
                </Table.Td>
                <Table.Td data-label={t("enrollment")}>
                  <EnrolledChip enrolled={i.enrolled} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Checkbox
        label={t("allServers")}
        disabled={shown.length === 0}
        checked={all}
        indeterminate={!all && shown.some((i) => chosen.has(i.id))}
        onChange={() => {
          const ids = shown.map((i) => i.id);
          set(new Set(all ? [...chosen].filter((id) => !ids.includes(id)) : [...chosen, ...ids]));
        }}
      />
      <Text size="sm" role="status">
        {t("chosen", { count: chosen.size })}
      </Text>
    </Stack>
  );
}
