import { Alert, Group, SegmentedControl, Skeleton, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconCircleX, IconStack2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { topologyQuery } from "../../api/queries/stack.ts";
import type { Topology, TopologyNode } from "../../api/types.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorState } from "../../components/ErrorState.tsx";
import { Panel } from "../../components/Panel.tsx";
import tables from "../../components/table.module.css";
import { labelOf } from "./layout.ts";
import { ResourceChip } from "./StatusChips.tsx";
import { isFailed, shortType } from "./statusStyles.ts";

const TopologyGraph = lazy(() => import("./TopologyGraph.tsx"));

interface Props {
  /** Refetches often, while resources are being created or deleted. */
  live: boolean;
  /** Hides the failures, because the page already shows them elsewhere. */
  hideFailures: boolean;
}

/** All resources with their state, as a graph or a list, with failures on top. */
export function TopologyView({ live, hideFailures }: Props) {
  const { t } = useTranslation("stack");
  const topology = useQuery(topologyQuery(live));
  const narrow = useMediaQuery("(max-width: 48em)");
  const [selectedMode, setSelectedMode] = useState<string>();
  const viewMode = selectedMode ?? (narrow ? "list" : "graph");
  if (topology.error && !topology.data) {
    return <ErrorState error={topology.error} onRetry={() => topology.refetch()} />;
  }
  if (!topology.data) return <Skeleton height={420} radius="lg" />;
  if (topology.data.nodes.length === 0) {
    return <EmptyState icon={IconStack2} title={t("noResources")} text={t("noResourcesText")} />;
  }
  return (
    <>
      {!hideFailures && <Failures topology={topology.data} />}
      <Group justify="flex-end" mb="xs">
        <SegmentedControl
          size="xs"
          aria-label={t("viewMode.label")}
          value={viewMode}
          onChange={setSelectedMode}
          data={[
            { value: "graph", label: t("viewMode.graph") },
            { value: "list", label: t("viewMode.list") },
          ]}
        />
      </Group>
      <Panel>
        {viewMode === "graph" ? (
          <Suspense fallback={<Skeleton height={420} radius="lg" />}>
            <TopologyGraph topology={topology.data} />
          </Suspense>
        ) : (
          <ResourceList topology={topology.data} />
        )}
      </Panel>
    </>
  );
}

/** Drops failed groups and members: they only repeat the failure of a resource inside them. */
function innermost(failed: TopologyNode[]): TopologyNode[] {
  const own = failed.filter(({ type }) => !type.includes("ResourceGroup") && !/\.yaml$/.test(type));
  return own.length > 0 ? own : failed;
}

function Failures({ topology }: { topology: Topology }) {
  const { t } = useTranslation("stack");
  const failed = innermost(topology.nodes.filter((node) => isFailed(node.state)));
  if (failed.length === 0) return null;
  return (
    <Alert
      color="red"
      icon={<IconCircleX />}
      mb="md"
      title={t("failedResources", { count: failed.length })}
    >
      {failed.map((node) => (
        <Text key={node.id} size="sm" className="wrap">
          <b>{labelOf(node)}</b> ({shortType(node.type)}): {node.reason}
        </Text>
      ))}
    </Alert>
  );
}

function ResourceList({ topology }: { topology: Topology }) {
  const { t } = useTranslation("stack");
  return (
    <Table className={tables.table} aria-label={t("view.topology")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("column.name")}</Table.Th>
          <Table.Th>{t("column.type")}</Table.Th>
          <Table.Th>{t("column.state")}</Table.Th>
          <Table.Th>{t("column.reason")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {topology.nodes.map((node) => (
          <Table.Tr key={node.id}>
            <Table.Td data-label={t("column.name")}>
              <b>{labelOf(node)}</b>
            </Table.Td>
            <Table.Td data-label={t("column.type")}>{shortType(node.type)}</Table.Td>
            <Table.Td data-label={t("column.state")}>
              <ResourceChip state={node.state} />
            </Table.Td>
            <Table.Td data-label={t("column.reason")} className="wrap">
              {node.reason}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
