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
import { ResourceChip } from "./chips.tsx";
import { labelOf } from "./layout.ts";
import { hasFailed, shortType } from "./looks.ts";

const TopologyGraph = lazy(() => import("./TopologyGraph.tsx"));

interface Props {
  /** Things are moving: look often. */
  live: boolean;
  /** The failures are told elsewhere on the page. */
  quiet: boolean;
}

/** Every resource and its state, as a picture or as a list; failures stand on top. */
export function TopologyView({ live, quiet }: Props) {
  const { t } = useTranslation("stack");
  const topology = useQuery(topologyQuery(live));
  const narrow = useMediaQuery("(max-width: 48em)");
  const [choice, setChoice] = useState<string>();
  const shape = choice ?? (narrow ? "list" : "picture");
  if (topology.error && !topology.data) {
    return <ErrorState error={topology.error} onRetry={() => topology.refetch()} />;
  }
  if (!topology.data) return <Skeleton height={420} radius="lg" />;
  if (topology.data.nodes.length === 0) {
    return <EmptyState icon={IconStack2} title={t("noResources")} text={t("noResourcesText")} />;
  }
  return (
    <>
      {!quiet && <Failures topology={topology.data} />}
      <Group justify="flex-end" mb="xs">
        <SegmentedControl
          size="xs"
          aria-label={t("shape.label")}
          value={shape}
          onChange={setChoice}
          data={[
            { value: "picture", label: t("shape.picture") },
            { value: "list", label: t("shape.list") },
          ]}
        />
      </Group>
      <Panel>
        {shape === "picture" ? (
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

/** A group and its members only repeat the failure of what is in them. */
function innermost(failed: TopologyNode[]): TopologyNode[] {
  const own = failed.filter(({ type }) => !type.includes("ResourceGroup") && !/\.yaml$/.test(type));
  return own.length > 0 ? own : failed;
}

function Failures({ topology }: { topology: Topology }) {
  const { t } = useTranslation("stack");
  const failed = innermost(topology.nodes.filter((node) => hasFailed(node.state)));
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
