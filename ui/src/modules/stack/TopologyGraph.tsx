import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import {
  Background,
  Controls,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Topology, TopologyNode } from "../../api/types.ts";
import { labelOf, layoutTopology, nodeSize } from "./layout.ts";
import { isFailed, resourceIcon, resourceStyle, shortType } from "./statusStyles.ts";
import classes from "./Topology.module.css";
import { useStateLabel } from "./useStateLabel.ts";

type ResourceNode = Node<{ resource: TopologyNode }, "resource">;

/** Graph of the stack: one box per resource with icon, name, state and color. */
export default function TopologyGraph({ topology }: { topology: Topology }) {
  const { t } = useTranslation("stack");
  const scheme = useComputedColorScheme("light");
  // The layout depends on the structure only, so that boxes do not move when states change.
  const outline = topology.nodes.map((n) => `${n.id}${isFailed(n.state)}`);
  const structure = JSON.stringify([outline, topology.edges]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `structure` represents the topology
  const graph = useMemo(() => layoutTopology(topology), [structure]);
  const current = new Map(topology.nodes.map((resource) => [resource.id, resource]));
  const nodes: ResourceNode[] = graph.nodes.map((node) => ({
    id: node.id,
    type: "resource",
    position: graph.positions.get(node.id) ?? { x: 0, y: 0 },
    data: { resource: current.get(node.id) ?? node },
    ...nodeSize,
  }));
  const edges = graph.edges.map(({ from, to }) => ({
    id: `${from}>${to}`,
    source: from,
    target: to,
    focusable: false,
  }));
  return (
    <div className={classes.graph}>
      <ReactFlow
        key={structure}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={scheme}
        fitView
        fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
        minZoom={0.15}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        aria-label={t("view.topology")}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} aria-label={t("zoom")} />
      </ReactFlow>
    </div>
  );
}

function ResourceBox({ data }: NodeProps<ResourceNode>) {
  const stateLabel = useStateLabel();
  const { type, state, reason } = data.resource;
  const style = resourceStyle(state);
  const TypeIcon = resourceIcon(type);
  const StateIcon = style.icon;
  return (
    <div className={classes.box} data-tone={style.tone} title={reason || undefined}>
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <TypeIcon size={24} stroke={1.5} aria-hidden />
      <span className={classes.text}>
        <span className={classes.name}>{labelOf(data.resource)}</span>
        <span className={classes.state}>
          <StateIcon
            size={13}
            aria-hidden
            className={style.spinning ? classes.spinning : undefined}
          />
          {shortType(type)} · {stateLabel(state)}
        </span>
      </span>
      <Handle type="source" position={Position.Right} className={classes.handle} />
    </div>
  );
}

const nodeTypes = { resource: ResourceBox };
