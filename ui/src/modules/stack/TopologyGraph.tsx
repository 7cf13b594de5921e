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
import { nodeSize, place } from "./layout.ts";
import { resourceIcon, resourceLook, shortType } from "./looks.ts";
import classes from "./Topology.module.css";
import { useStateWord } from "./useStateWord.ts";

type ResourceNode = Node<{ resource: TopologyNode }, "resource">;

/** The stack as a picture: one box a resource, with its icon, name, state word and colour. */
export default function TopologyGraph({ topology }: { topology: Topology }) {
  const { t } = useTranslation("stack");
  const scheme = useComputedColorScheme("light");
  // Places depend on which resources there are, not on their states: boxes must not jump about.
  const shape = JSON.stringify([topology.nodes.map((n) => n.id), topology.edges]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the topology
  const places = useMemo(() => place(topology), [shape]);
  const nodes: ResourceNode[] = topology.nodes.map((resource) => ({
    id: resource.id,
    type: "resource",
    position: places.get(resource.id) ?? { x: 0, y: 0 },
    data: { resource },
    ...nodeSize,
  }));
  const edges = topology.edges.map(({ from, to }) => ({
    id: `${from}>${to}`,
    source: to,
    target: from,
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
  const { name, type, state, reason } = data.resource;
  const look = resourceLook(state);
  const TypeIcon = resourceIcon(type);
  const StateIcon = look.icon;
  return (
    <div className={classes.box} data-tone={look.tone} title={reason || undefined}>
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <TypeIcon size={24} stroke={1.5} aria-hidden />
      <span className={classes.text}>
        <span className={classes.name}>{name}</span>
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
