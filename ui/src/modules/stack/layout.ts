import { graphlib, layout } from "@dagrejs/dagre";
import type { Topology, TopologyNode } from "../../api/types.ts";
import { hasFailed } from "./looks.ts";

export const nodeSize = { width: 214, height: 62 };

export interface Picture {
  nodes: TopologyNode[];
  /** `from` is drawn left of `to`. */
  edges: { from: string; to: string }[];
  places: Map<string, { x: number; y: number }>;
}

/** What is drawn, and where: what something needs stands at its left. */
export function draw(topology: Topology): Picture {
  const nodes = outline(topology);
  const known = new Set(nodes.map((node) => node.id));
  const edges = reduce(
    topology.edges
      .filter(({ from, to }) => known.has(from) && known.has(to))
      .map(({ from, to }) => (isInside(to, from) ? { from, to } : { from: to, to: from })),
  );
  return { nodes, edges, places: place(nodes, edges) };
}

/** A part's id begins with its group's. */
const isInside = (part: string, group: string) => part.startsWith(`${group}/`);

/**
 * The stack's own resources and the members of its groups. What is inside a member (a port, its
 * server) would only repeat it, so it stands in the list alone — unless it has failed.
 */
function outline({ nodes, edges }: Topology): TopologyNode[] {
  const top = new Set(nodes.filter((node) => !node.id.includes("/")).map((node) => node.id));
  const isMember = ({ id, type }: TopologyNode) =>
    top.has(id.split("/")[0] ?? "") && (type.endsWith(".yaml") || !id.includes("/"));
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return nodes.filter((node) => isMember(node) || (hasFailed(node.state) && linked.has(node.id)));
}

/** Leaves out an edge that a chain of others already says. */
export function reduce(edges: Picture["edges"]): Picture["edges"] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (next.get(from) ?? []).some((step) => {
      if (step === to) return true;
      if (seen.has(step)) return false;
      seen.add(step);
      return reaches(step, to, seen);
    });
  return edges.filter(
    ({ from, to }) =>
      !(next.get(from) ?? []).some((step) => step !== to && reaches(step, to, new Set([from]))),
  );
}

function place(nodes: TopologyNode[], edges: Picture["edges"]): Picture["places"] {
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

/** A name one can tell from its neighbours: members and what is in them carry their group's. */
export function labelOf({ id, name }: TopologyNode): string {
  if (!id.includes("/")) return name;
  const isId = /^[0-9a-f]{8}-/;
  const path = id.split("/").filter((part) => !isId.test(part));
  return path.map((part) => part.replace(/_members$/, "")).join(" ");
}
