import { expect, test } from "vitest";
import type { Topology } from "../../api/types.ts";
import { labelOf, layoutTopology, transitiveReduction } from "./layout.ts";

const node = (id: string, type: string, state = "CREATE_COMPLETE") => ({
  id,
  type,
  name: id.split("/").pop() ?? id,
  state,
  reason: "",
});
const member = "master_members/606d40c3-53a8-4bd1-90eb-6203aeb51203/0";
const topology: Topology = {
  nodes: [
    node("network", "OS::Neutron::Net"),
    node("subnet", "OS::Neutron::Subnet"),
    node("master_members", "OS::Heat::ResourceGroup"),
    node(member, "server.yaml"),
    node(`${member}/port`, "OS::Neutron::Port"),
    node(`${member}/server`, "OS::Nova::Server", "CREATE_FAILED"),
  ],
  edges: [
    { from: "subnet", to: "network" },
    { from: "master_members", to: "network" },
    { from: "master_members", to: "subnet" },
    { from: "master_members", to: member },
    { from: member, to: `${member}/port` },
    { from: member, to: `${member}/server` },
  ],
};

test("layoutTopology includes group members, but resources inside them only if they failed", () => {
  expect(layoutTopology(topology).nodes.map(labelOf)).toEqual([
    "network",
    "subnet",
    "master_members",
    "master 0",
    "master 0 server",
  ]);
});

test("layoutTopology places dependencies left and members right of their group", () => {
  const { positions } = layoutTopology(topology);
  const x = ["network", "subnet", "master_members", member].map((id) => positions.get(id)?.x ?? 0);
  expect(x).toEqual([...x].sort((a, b) => a - b));
  expect(new Set(x).size).toBe(4);
});

test("transitiveReduction removes redundant edges", () => {
  expect(layoutTopology(topology).edges).not.toContainEqual({
    from: "network",
    to: "master_members",
  });
  expect(
    transitiveReduction([
      { from: "a", to: "b" },
      { from: "b", to: "c" },
      { from: "a", to: "c" },
    ]),
  ).toEqual([
    { from: "a", to: "b" },
    { from: "b", to: "c" },
  ]);
});

test("transitiveReduction terminates on a cycle", () => {
  const cycle = [
    { from: "a", to: "b" },
    { from: "b", to: "a" },
  ];
  expect(transitiveReduction(cycle)).toEqual(cycle);
});
