import type { StackOptions, StackSpec } from "../../api/types.ts";

/** Form values of the wizard. With a preset, an empty string selects a value automatically. */
export interface WizardValues {
  size: "small" | "ha" | "custom";
  name: string;
  masters: number;
  nodes: number;
  etcd: 0 | 3 | 5;
  key_pair: string;
  image: string;
  external_network: string;
  master_flavor: string;
  node_flavor: string;
  etcd_flavor: string;
  volume_type: string;
}

export const emptyWizard: WizardValues = {
  size: "small",
  name: "mycloudmanager",
  masters: 2,
  nodes: 3,
  etcd: 3,
  key_pair: "",
  image: "",
  external_network: "",
  master_flavor: "",
  node_flavor: "",
  etcd_flavor: "",
  volume_type: "",
};

/** Returns the request body: with a preset only the selected values, otherwise all of them. */
export function toSpec(values: WizardValues): StackSpec {
  const { size, name, masters, nodes, etcd, ...texts } = values;
  const chosen = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ""));
  return size === "custom"
    ? { name, ...chosen, masters, nodes, etcd }
    : { name, ...chosen, preset: size };
}

/** Returns the options of the selects; a value is the name if unique, otherwise the ID. */
export function choices(options: StackOptions) {
  const refs = (list: { id: string; name: string }[]) =>
    list.map(({ id, name }) => {
      const unique = name && list.filter((other) => other.name === name).length === 1;
      return unique ? { value: name, label: name } : { value: id, label: `${name} (${id})` };
    });
  return {
    key_pair: options.key_pairs,
    image: refs(options.images),
    external_network: refs(options.external_networks),
    flavor: options.flavors.map((f) => ({
      value: f.name,
      label: `${f.name} · ${f.vcpus} vCPU · ${gigabytes(f.ram_mb)} GB`,
    })),
    volume_type: options.volume_types,
  };
}

const gigabytes = (mb: number) => Math.round((mb / 1024) * 10) / 10;
