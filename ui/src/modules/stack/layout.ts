import { graphlib, layout } from "@dagrejs/dagre";
import type { Topology, TopologyNode } from "../../api/types.ts";
import { isFailed } from "./statusStyles.ts";

export const nodeSize = { width: 214, height: 62 };

export interface GraphLayout {
  nodes: TopologyNode[];
  /** `from` is placed left of `to`. */
  edges: { from: string; to: string }[];
  positions: Map<string, { x: number; y: number }>;
}

/** Returns the visible nodes, edges and positions; dependencies are placed to the left. */
export function layoutTopology(topology: Topology): GraphLayout {
  const nodes = visibleNodes(topology);
  const known = new Set(nodes.map((node) => node.id));
  const edges = transitiveReduction(
    topology.edges
      .filter(({ from, to }) => known.has(from) && known.has(to))
      .map(({ from, to }) => (isInside(to, from) ? { from, to } : { from: to, to: from })),
  );
  return { nodes, edges, positions: computePositions(nodes, edges) };
}

/** Reports whether a resource is inside a group: its ID starts with the group's ID. */
const isInside = (part: string, group: string) => part.startsWith(`${group}/`);

/**
 * Returns the stack's own resources and the members of its groups. Resources inside a member (a port,
 * its server) are shown in the list view only, unless they have failed.
 */
function visibleNodes({ nodes, edges }: Topology): TopologyNode[] {
  const top = new Set(nodes.filter((node) => !node.id.includes("/")).map((node) => node.id));
  const isMember = ({ id, type }: TopologyNode) =>
    top.has(id.split("/")[0] ?? "") && (type.endsWith(".yaml") || !id.includes("/"));
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return nodes.filter((node) => isMember(node) || (isFailed(node.state) && linked.has(node.id)));
}

/** Removes edges that are implied by a path of other edges. */
export function transitiveReduction(edges: GraphLayout["edges"]): GraphLayout["edges"] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reaches = (from: string, to: string, visited: Set<string>): boolean =>
    (next.get(from) ?? []).some((step) => {
      if (step === to) return true;
      if (visited.has(step)) return false;
      visited.add(step);
      return reaches(step, to, visited);
    });
  return edges.filter(
    ({ from, to }) =>
      !(next.get(from) ?? []).some((step) => step !== to && reaches(step, to, new Set([from]))),
  );
}

function computePositions(
  nodes: TopologyNode[],
  edges: GraphLayout["edges"],
): GraphLayout["positions"] {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 64, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { ...nodeSize });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  return new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id);
      return [id, { x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 }];
    }),
  );
}

/** Returns a distinguishable name: members and resources inside them are prefixed with their group. */
export function labelOf({ id, name }: TopologyNode): string {
  if (!id.includes("/")) return name;
  const isId = /^[0-9a-f]{8}-/;
  const path = id.split("/").filter((part) => !isId.test(part));
  return path.map((part) => part.replace(/_members$/, "")).join(" ");
}
