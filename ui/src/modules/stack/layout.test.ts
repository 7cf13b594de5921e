import { expect, test } from "vitest";
import type { Topology } from "../../api/types.ts";
import { draw, labelOf, reduce } from "./layout.ts";

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

test("members are drawn, what is in them only when it failed", () => {
  expect(draw(topology).nodes.map(labelOf)).toEqual([
    "network",
    "subnet",
    "master_members",
    "master 0",
    "master 0 server",
  ]);
});

test("what is needed stands left, members right of their group", () => {
  const { places } = draw(topology);
  const x = ["network", "subnet", "master_members", member].map((id) => places.get(id)?.x ?? 0);
  expect(x).toEqual([...x].sort((a, b) => a - b));
  expect(new Set(x).size).toBe(4);
});

test("an edge that others already say is left out", () => {
  expect(draw(topology).edges).not.toContainEqual({ from: "network", to: "master_members" });
  expect(
    reduce([
      { from: "a", to: "b" },
      { from: "b", to: "c" },
      { from: "a", to: "c" },
    ]),
  ).toEqual([
    { from: "a", to: "b" },
    { from: "b", to: "c" },
  ]);
});

test("a circle of edges does no harm", () => {
  const circle = [
    { from: "a", to: "b" },
    { from: "b", to: "a" },
  ];
  expect(reduce(circle)).toEqual(circle);
});
