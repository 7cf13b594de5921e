import type { Instance } from "../../api/types.ts";
import type { InstancesSearch } from "../../search.ts";

type Filter = Pick<InstancesSearch, "q" | "enrolled" | "sort">;

/** Returns the matching instances in the requested order, by default sorted by name. */
export function filterInstances(all: Instance[], { q, enrolled, sort }: Filter): Instance[] {
  const query = q?.trim().toLowerCase();
  const found = all.filter(
    (i) =>
      (!enrolled || i.enrolled === (enrolled === "yes")) &&
      (!query || searchText(i).includes(query)),
  );
  const sign = sort?.startsWith("-") ? -1 : 1;
  const byName = (a: Instance, b: Instance) =>
    a.name.localeCompare(b.name, undefined, { numeric: true });
  if (!sort?.endsWith("status")) return found.sort((a, b) => sign * byName(a, b));
  return found.sort((a, b) => sign * a.status.localeCompare(b.status) || byName(a, b));
}

const searchText = (i: Instance) =>
  [i.name, i.distribution, ...i.addresses.map((a) => a.address)].join("\n").toLowerCase();
