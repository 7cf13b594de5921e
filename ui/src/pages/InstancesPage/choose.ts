import type { Instance } from "../../api/types.ts";
import type { InstancesSearch } from "../../search.ts";

type Choice = Pick<InstancesSearch, "q" | "enrolled" | "sort">;

/** The instances that match, in the order asked for; by name when nothing is. */
export function choose(all: Instance[], { q, enrolled, sort }: Choice): Instance[] {
  const wanted = q?.trim().toLowerCase();
  const found = all.filter(
    (i) =>
      (!enrolled || i.enrolled === (enrolled === "yes")) && (!wanted || words(i).includes(wanted)),
  );
  const turn = sort?.startsWith("-") ? -1 : 1;
  const byName = (a: Instance, b: Instance) =>
    a.name.localeCompare(b.name, undefined, { numeric: true });
  if (!sort?.endsWith("status")) return found.sort((a, b) => turn * byName(a, b));
  return found.sort((a, b) => turn * a.status.localeCompare(b.status) || byName(a, b));
}

const words = (i: Instance) =>
  [i.name, i.distribution, ...i.addresses.map((a) => a.address)].join("\n").toLowerCase();
