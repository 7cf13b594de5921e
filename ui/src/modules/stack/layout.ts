import { graphlib, layout } from "@dagrejs/dagre";
import type { Topology } from "../../api/types.ts";

export const nodeSize = { width: 214, height: 62 };

/** Where each resource stands: what needs something is drawn to its right. */
export function place(topology: Topology): Map<string, { x: number; y: number }> {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 72, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(topology.nodes.map((node) => node.id));
  for (const { id } of topology.nodes) graph.setNode(id, { ...nodeSize });
  for (const { from, to } of topology.edges) {
    if (known.has(from) && known.has(to)) graph.setEdge(to, from);
  }
  layout(graph);
  return new Map(
    topology.nodes.map(({ id }) => {
      const { x, y } = graph.node(id);
      return [id, { x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 }];
    }),
  );
}
