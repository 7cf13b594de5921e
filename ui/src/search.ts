import { type AuditFilters, outcomes, vias } from "./api/queries/audit.ts";
import type { TaskFilters } from "./api/queries/tasks.ts";
import type { TaskStatus } from "./api/types.ts";

type Search = Record<string, unknown>;

/** Returns a search parameter as text; undefined if absent or empty. */
const text = (search: Search, key: string): string | undefined => {
  const value = search[key];
  return value === undefined || value === null || value === "" ? undefined : String(value);
};

const oneOf = <T extends string>(search: Search, key: string, allowed: readonly T[]) =>
  allowed.find((value) => value === search[key]);

export const taskStatuses: TaskStatus[] = [
  "queued",
  "running",
  "blocked",
  "cancelling",
  "succeeded",
  "failed",
  "partially_failed",
  "cancelled",
  "timed_out",
];
export const settingsTabs = ["info", "environment", "parameters"] as const;
export const stackViews = ["topology", "events", "outputs", "nodes"] as const;

export interface SignInSearch {
  /** Redirect after sign-in: a local path, never another site. */
  next?: string;
  expired?: boolean;
}

export const signInSearch = (search: Search): SignInSearch => {
  const next = text(search, "next");
  return {
    next:
      next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : undefined,
    expired: search.expired === true ? true : undefined,
  };
};

export interface AppsSearch {
  /** Name of the app whose settings are open. */
  app?: string;
  tab?: (typeof settingsTabs)[number];
}

export const appsSearch = (search: Search): AppsSearch => ({
  app: text(search, "app"),
  tab: oneOf(search, "tab", settingsTabs),
});

export const tasksSearch = (search: Search): TaskFilters => ({
  status: oneOf(search, "status", taskStatuses),
  operation: text(search, "operation"),
  target: text(search, "target"),
  actor: text(search, "actor"),
  since: text(search, "since"),
  until: text(search, "until"),
});

export const auditSearch = (search: Search): AuditFilters => ({
  actor: text(search, "actor"),
  operation: text(search, "operation"),
  target: text(search, "target"),
  outcome: oneOf(search, "outcome", outcomes),
  via: oneOf(search, "via", vias),
  since: text(search, "since"),
  until: text(search, "until"),
  q: text(search, "q"),
});

export interface StackSearch {
  view?: (typeof stackViews)[number];
}

export const stackSearch = (search: Search): StackSearch => ({
  view: oneOf(search, "view", stackViews),
});

export const enrolledChoices = ["yes", "no"] as const;
export const instanceSorts = ["name", "-name", "status", "-status"] as const;

export interface InstancesSearch {
  q?: string;
  enrolled?: (typeof enrolledChoices)[number];
  /** Sort column; a leading minus reverses the order. */
  sort?: (typeof instanceSorts)[number];
  /** ID of the instance whose details are open. */
  instance?: string;
}

export const instancesSearch = (search: Search): InstancesSearch => ({
  q: text(search, "q"),
  enrolled: oneOf(search, "enrolled", enrolledChoices),
  sort: oneOf(search, "sort", instanceSorts),
  instance: text(search, "instance"),
});

export const backupViews = ["plans", "backups"] as const;
export const backupMethods = ["snapshot", "soft"] as const;

export interface BackupsSearch {
  view?: (typeof backupViews)[number];
  /** Filters of the backup list: instance, plan and method. */
  instance?: string;
  plan?: string;
  method?: (typeof backupMethods)[number];
}

export const backupsSearch = (search: Search): BackupsSearch => ({
  view: oneOf(search, "view", backupViews),
  instance: text(search, "instance"),
  plan: text(search, "plan"),
  method: oneOf(search, "method", backupMethods),
});
