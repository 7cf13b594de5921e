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
import { draw, labelOf, nodeSize } from "./layout.ts";
import { hasFailed, resourceIcon, resourceLook, shortType } from "./looks.ts";
import classes from "./Topology.module.css";
import { useStateWord } from "./useStateWord.ts";

type ResourceNode = Node<{ resource: TopologyNode }, "resource">;

/** The stack as a picture: one box a resource, with its icon, name, state word and colour. */
export default function TopologyGraph({ topology }: { topology: Topology }) {
  const { t } = useTranslation("stack");
  const scheme = useComputedColorScheme("light");
  // Places depend on what there is, not on its state: boxes must not jump about.
  const outline = topology.nodes.map((n) => `${n.id}${hasFailed(n.state)}`);
  const shape = JSON.stringify([outline, topology.edges]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the topology
  const picture = useMemo(() => draw(topology), [shape]);
  const now = new Map(topology.nodes.map((resource) => [resource.id, resource]));
  const nodes: ResourceNode[] = picture.nodes.map((drawn) => ({
    id: drawn.id,
    type: "resource",
    position: picture.places.get(drawn.id) ?? { x: 0, y: 0 },
    data: { resource: now.get(drawn.id) ?? drawn },
    ...nodeSize,
  }));
  const edges = picture.edges.map(({ from, to }) => ({
    id: `${from}>${to}`,
    source: from,
    target: to,
    focusable: false,
  }));
  return (
    <div className={classes.graph}>
      <ReactFlow
        key={shape}
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
  const word = useStateWord();
  const { type, state, reason } = data.resource;
  const look = resourceLook(state);
  const TypeIcon = resourceIcon(type);
  const StateIcon = look.icon;
  return (
    <div className={classes.box} data-tone={look.tone} title={reason || undefined}>
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <TypeIcon size={24} stroke={1.5} aria-hidden />
      <span className={classes.text}>
        <span className={classes.name}>{labelOf(data.resource)}</span>
        <span className={classes.state}>
          <StateIcon size={13} aria-hidden className={look.turning ? classes.turning : undefined} />
          {shortType(type)} · {word(state)}
        </span>
      </span>
      <Handle type="source" position={Position.Right} className={classes.handle} />
    </div>
  );
}

const nodeTypes = { resource: ResourceBox };
