import {
  type Icon,
  IconAlertTriangle,
  IconBinaryTree2,
  IconBox,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconDatabase,
  IconKey,
  IconLoader2,
  IconNetwork,
  IconPlug,
  IconRouter,
  IconServer,
  IconServerCog,
  IconShield,
  IconStack2,
  IconWorld,
} from "@tabler/icons-react";
import type { StackState } from "../../api/types.ts";
import type { Look } from "../../components/StatusChip.tsx";

export const stackLooks: Record<StackState, Look> = {
  absent: { tone: "gray", icon: IconCircleDashed },
  deploying: { tone: "blue", icon: IconLoader2, turning: true },
  ready: { tone: "green", icon: IconCircleCheck },
  degraded: { tone: "yellow", icon: IconAlertTriangle },
  updating: { tone: "blue", icon: IconLoader2, turning: true },
  deleting: { tone: "yellow", icon: IconLoader2, turning: true },
  failed: { tone: "red", icon: IconCircleX },
};

/** States of the whole stack in which resources come and go. */
export const isMoving = (state: StackState) =>
  state === "deploying" || state === "updating" || state === "deleting";

/** Heat's `ACTION_STATUS`, e.g. CREATE_IN_PROGRESS, split at its first underscore. */
export function splitState(state: string): { action: string; status: string } {
  const cut = state.indexOf("_");
  return cut < 0
    ? { action: "", status: state }
    : { action: state.slice(0, cut), status: state.slice(cut + 1) };
}

const failed: Look = { tone: "red", icon: IconCircleX };
const waiting: Look = { tone: "gray", icon: IconClock };

/** How a resource's or a server's state is shown. */
export function resourceLook(state: string): Look {
  const { action, status } = splitState(state);
  if (action === "INIT") return waiting;
  if (status === "FAILED" || state === "ERROR") return failed;
  if (status === "IN_PROGRESS" || state === "BUILD") {
    return { tone: "blue", icon: IconLoader2, turning: true };
  }
  if (status === "COMPLETE" || state === "ACTIVE" || state === "Ready") {
    return { tone: "green", icon: IconCircleCheck };
  }
  return waiting;
}

export const hasFailed = (state: string) => resourceLook(state) === failed;

const icons: [string, Icon][] = [
  ["Nova::ServerGroup", IconServerCog],
  ["Nova::KeyPair", IconKey],
  ["Nova::Server", IconServer],
  ["Neutron::RouterInterface", IconPlug],
  ["Neutron::Router", IconRouter],
  ["Neutron::Subnet", IconBinaryTree2],
  ["Neutron::Net", IconNetwork],
  ["Neutron::Port", IconPlug],
  ["Neutron::FloatingIP", IconWorld],
  ["Neutron::SecurityGroup", IconShield],
  ["Cinder", IconDatabase],
  ["ResourceGroup", IconStack2],
  ["server.yaml", IconServer],
];

export const resourceIcon = (type: string): Icon =>
  icons.find(([part]) => type.includes(part))?.[1] ?? IconBox;

/** "OS::Nova::Server" → "Server", a nested template by its name. */
export const shortType = (type: string) => (type.split("::").pop() ?? type).replace(/\.yaml$/, "");
