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
import type { StatusStyle } from "../../components/StatusChip.tsx";

export const stackStyles: Record<StackState, StatusStyle> = {
  absent: { tone: "gray", icon: IconCircleDashed },
  deploying: { tone: "blue", icon: IconLoader2, spinning: true },
  ready: { tone: "green", icon: IconCircleCheck },
  degraded: { tone: "yellow", icon: IconAlertTriangle },
  updating: { tone: "blue", icon: IconLoader2, spinning: true },
  deleting: { tone: "yellow", icon: IconLoader2, spinning: true },
  failed: { tone: "red", icon: IconCircleX },
};

/** Reports whether the stack is in a state in which resources are created or deleted. */
export const isMoving = (state: StackState) =>
  state === "deploying" || state === "updating" || state === "deleting";

/** Splits Heat's `ACTION_STATUS`, such as CREATE_IN_PROGRESS, at the first underscore. */
export function splitState(state: string): { action: string; status: string } {
  const cut = state.indexOf("_");
  return cut < 0
    ? { action: "", status: state }
    : { action: state.slice(0, cut), status: state.slice(cut + 1) };
}

const failed: StatusStyle = { tone: "red", icon: IconCircleX };
const waiting: StatusStyle = { tone: "gray", icon: IconClock };

/** Returns the style for the state of a resource or server. */
export function resourceStyle(state: string): StatusStyle {
  const { action, status } = splitState(state);
  if (action === "INIT") return waiting;
  if (status === "FAILED" || state === "ERROR") return failed;
  if (status === "IN_PROGRESS" || state === "BUILD") {
    return { tone: "blue", icon: IconLoader2, spinning: true };
  }
  if (status === "COMPLETE" || state === "ACTIVE" || state === "Ready") {
    return { tone: "green", icon: IconCircleCheck };
  }
  return waiting;
}

export const isFailed = (state: string) => resourceStyle(state) === failed;

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

/** Shortens a resource type: "OS::Nova::Server" → "Server"; nested templates use their file name. */
export const shortType = (type: string) => (type.split("::").pop() ?? type).replace(/\.yaml$/, "");
