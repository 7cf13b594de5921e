import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { isOpen } from "./queries/tasks.ts";
import { openStream } from "./stream.ts";
import type { App, Stack, Task } from "./types.ts";

type AppChange = Pick<App, "name" | "health" | "reason" | "since">;
type StackStateChange = Pick<Stack, "state" | "reason" | "task">;

interface TaskPage {
  items: Task[];
  next_page_token?: string;
}

export type Connection = "opening" | "open" | "down";

const connection = { state: "opening" as Connection, listeners: new Set<() => void>() };

function setConnection(state: Connection) {
  if (connection.state === state) return;
  connection.state = state;
  for (const listener of connection.listeners) listener();
}

/** Returns the state of the server's event stream. While it is open, the UI is at most a second behind. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      connection.listeners.add(listener);
      return () => connection.listeners.delete(listener);
    },
    () => connection.state,
  );
}

/**
 * Keeps the cached tasks, apps, instances and stack in sync with the server through one event stream.
 * `onTaskStopped` is called for each task that was running and has now ended or is blocked.
 */
export function useLiveUpdates(onTaskStopped: (task: Task) => void) {
  const client = useQueryClient();
  const language = useTranslation().i18n.language;
  useEffect(() => {
    let wasDown = false;
    const close = openStream(`/api/v1/events?lang=${language}`, {
      events: {
        task: (data) => applyTask(client, data as Task, onTaskStopped),
        app: (data) => applyApp(client, data as AppChange),
        stack: (data) => applyStack(client, data as StackStateChange),
      },
      onOpen() {
        setConnection("open");
        // Events are not replayed after a reconnect, so refetch everything.
        if (wasDown) void client.invalidateQueries();
        wasDown = false;
      },
      onDown() {
        setConnection("down");
        wasDown = true;
      },
    });
    return () => {
      close();
      setConnection("opening");
    };
  }, [client, onTaskStopped, language]);
}

/** Follows one task through its own stream, which also carries step changes. */
export function useLiveTask(id: string, active: boolean, onTaskStopped?: (task: Task) => void) {
  const client = useQueryClient();
  const language = useTranslation().i18n.language;
  useEffect(() => {
    if (!active) return;
    return openStream(`/api/v1/tasks/${encodeURIComponent(id)}/events?lang=${language}`, {
      events: { task: (data) => applyTask(client, data as Task, onTaskStopped) },
    });
  }, [client, id, active, onTaskStopped, language]);
}

/** Writes a task into all cached lists and its detail query; a changed status refetches the lists. */
export function applyTask(client: QueryClient, task: Task, onTaskStopped?: (task: Task) => void) {
  const before = client.getQueryData<Task>(["tasks", "detail", task.id]);
  client.setQueryData(["tasks", "detail", task.id], task);
  client.setQueriesData<InfiniteData<TaskPage>>({ queryKey: ["tasks", "list"] }, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => {
      if (!page.items.some((item) => item.id === task.id)) return page;
      return { ...page, items: page.items.map((item) => (item.id === task.id ? task : item)) };
    });
    return { ...data, pages };
  });
  client.setQueryData<TaskPage>(["tasks", "recent"], (data) => {
    if (!data) return data;
    const others = data.items.filter((item) => item.id !== task.id);
    return { ...data, items: [task, ...others] };
  });
  if (before && isProgressing(before) && !isProgressing(task)) onTaskStopped?.(task);
  if (before?.status !== task.status) {
    // Lists come from an index that may lag two seconds behind the task.
    void client.invalidateQueries({ queryKey: ["tasks", "list"] });
    setTimeout(() => void client.invalidateQueries({ queryKey: ["tasks", "list"] }), 2_500);
    if (task.operation.startsWith("app.")) void client.invalidateQueries({ queryKey: ["apps"] });
    if (task.operation.startsWith("stack.")) void client.invalidateQueries({ queryKey: ["stack"] });
    if (task.operation === "instance.enroll") {
      void client.invalidateQueries({ queryKey: ["enrollment-tokens"] });
    }
  }
  if (/^(backup|plan)\.|^instance\.restore$/.test(task.operation)) refreshBackups(client, task);
  if (task.operation === "notification.test" && !isOpen(task)) {
    setTimeout(() => void client.invalidateQueries({ queryKey: ["notifications"] }), refreshDelay);
  }
  // Agent states change while their task runs, one instance after the other.
  if (/^(instance|agent)\./.test(task.operation)) refreshInstances(client);
}

const refreshDelay = 2_500;
const refreshing = new WeakSet<QueryClient>();

/**
 * Refetches the instances immediately and once more after refreshDelay; calls in between are ignored.
 * A task on many instances sends many events, and the index that maps tasks to instances lags.
 */
function refreshInstances(client: QueryClient) {
  if (refreshing.has(client)) return;
  refreshing.add(client);
  const refresh = () => void client.invalidateQueries({ queryKey: ["instances"] });
  refresh();
  setTimeout(() => {
    refreshing.delete(client);
    refresh();
  }, refreshDelay);
}

/** Refetches plans and backups: backups appear during a run, the ended run only once it is indexed. */
function refreshBackups(client: QueryClient, task: Task) {
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ["backup-plans"] });
    void client.invalidateQueries({ queryKey: ["backups"] });
    void client.invalidateQueries({ queryKey: ["instances"] });
  };
  refresh();
  if (!isOpen(task)) setTimeout(refresh, refreshDelay);
}

const isProgressing = (task: Task) => isOpen(task) && task.status !== "blocked";

function applyApp(client: QueryClient, change: AppChange) {
  client.setQueryData<{ items: App[] }>(["apps"], (data) =>
    data
      ? {
          ...data,
          items: data.items.map((a) => (a.name === change.name ? { ...a, ...change } : a)),
        }
      : data,
  );
  void client.invalidateQueries({ queryKey: ["apps"] });
}

function applyStack(client: QueryClient, change: StackStateChange) {
  client.setQueryData<Stack>(["stack"], (data) => (data ? { ...data, ...change } : data));
  void client.invalidateQueries({ queryKey: ["stack"] });
  void client.invalidateQueries({ queryKey: ["apps"], exact: true });
}
