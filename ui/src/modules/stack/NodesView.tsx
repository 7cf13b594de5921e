import { Code, Table, Text } from "@mantine/core";
import { IconServer } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Stack } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { Panel } from "../../components/Panel.tsx";
import tables from "../../components/table.module.css";
import { ResourceChip } from "./StatusChips.tsx";

const roles = ["master", "node", "etcd"] as const;

/** Servers of the stack and their state in the cluster. */
export function NodesView({ stack }: { stack: Stack }) {
  const { t } = useTranslation("stack");
  const nodes = stack.nodes ?? [];
  if (nodes.length === 0) {
    return <EmptyState icon={IconServer} title={t("noNodes")} text={t("noNodesText")} />;
  }
  return (
    <>
      {stack.cluster?.version && (
        <Text mb="sm" c="dimmed">
          {t("cluster", {
            version: stack.cluster.version,
            ready: stack.cluster.nodes_ready,
            total: stack.cluster.nodes_total,
          })}
        </Text>
      )}
      <Panel>
        <Table className={tables.table} aria-label={t("view.nodes")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("column.name")}</Table.Th>
              <Table.Th>{t("column.role")}</Table.Th>
              <Table.Th>{t("column.state")}</Table.Th>
              <Table.Th>{t("column.flavor")}</Table.Th>
              <Table.Th>{t("column.address")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((node) => (
              <Table.Tr key={node.id}>
                <Table.Td data-label={t("column.name")}>
                  <b>{node.name}</b>
                </Table.Td>
                <Table.Td data-label={t("column.role")}>{roleLabel(node.role, t)}</Table.Td>
                <Table.Td data-label={t("column.state")}>
                  <ResourceChip state={node.state} />
                </Table.Td>
                <Table.Td data-label={t("column.flavor")}>{node.flavor}</Table.Td>
                <Table.Td data-label={t("column.address")}>
                  <Code>{node.address || "—"}</Code>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
    </>
  );
}

function roleLabel(role: string, t: ReturnType<typeof useTranslation<"stack">>["t"]) {
  const known = roles.find((r) => r === role);
  return known ? t(`role.${known}`) : role;
}
