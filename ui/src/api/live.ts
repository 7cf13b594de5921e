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

/** How the server's event stream stands: while open, what is on screen is a second old at most. */
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
 * Keeps every cached task, app, instance and stack equal to the server's, by one event stream. `onTurn` hears
 * of tasks that were going on and now have ended or are blocked.
 */
export function useLiveUpdates(onTurn: (task: Task) => void) {
  const client = useQueryClient();
  const language = useTranslation().i18n.language;
  useEffect(() => {
    let wasDown = false;
    const close = openStream(`/api/v1/events?lang=${language}`, {
      events: {
        task: (data) => applyTask(client, data as Task, onTurn),
        app: (data) => applyApp(client, data as AppChange),
        stack: (data) => applyStack(client, data as StackStateChange),
      },
      onOpen() {
        setConnection("open");
        // What happened while the stream was down was never sent: ask again.
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
  }, [client, onTurn, language]);
}

/** Follows one task by its own stream, which also tells steps as they change. */
export function useLiveTask(id: string, active: boolean, onTurn?: (task: Task) => void) {
  const client = useQueryClient();
  const language = useTranslation().i18n.language;
  useEffect(() => {
    if (!active) return;
    return openStream(`/api/v1/tasks/${encodeURIComponent(id)}/events?lang=${language}`, {
      events: { task: (data) => applyTask(client, data as Task, onTurn) },
    });
  }, [client, id, active, onTurn, language]);
}

/** Writes a task into every cached list and its own page; a changed status makes lists ask again. */
export function applyTask(client: QueryClient, task: Task, onTurn?: (task: Task) => void) {
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
  if (before && isWorking(before) && !isWorking(task)) onTurn?.(task);
  if (before?.status !== task.status) {
    // The list comes from an index that may lag two seconds behind the task itself.
    void client.invalidateQueries({ queryKey: ["tasks", "list"] });
    setTimeout(() => void client.invalidateQueries({ queryKey: ["tasks", "list"] }), 2_500);
    if (task.operation.startsWith("app.")) void client.invalidateQueries({ queryKey: ["apps"] });
    if (task.operation.startsWith("stack.")) void client.invalidateQueries({ queryKey: ["stack"] });
    if (task.operation === "instance.enroll") {
      void client.invalidateQueries({ queryKey: ["enrollment-tokens"] });
    }
  }
  if (/^(backup|plan)\.|^instance\.restore$/.test(task.operation)) refreshBackups(client, task);
  if (task.operation === "notice.test" && !isOpen(task)) {
    setTimeout(() => void client.invalidateQueries({ queryKey: ["notices"] }), instancesPause);
  }
  // An agent's state changes while its task goes on, one instance after the other.
  if (/^(instance|agent)\./.test(task.operation)) refreshInstances(client);
}

const instancesPause = 2_500;
const refreshing = new WeakSet<QueryClient>();

/**
 * Asks for the instances again: at once, and after a pause in which further news asks nothing. Work
 * on many tells of itself often, and which task works on what comes from an index that lags.
 */
function refreshInstances(client: QueryClient) {
  if (refreshing.has(client)) return;
  refreshing.add(client);
  const ask = () => void client.invalidateQueries({ queryKey: ["instances"] });
  ask();
  setTimeout(() => {
    refreshing.delete(client);
    ask();
  }, instancesPause);
}

/** A backup is there before its run ends; an ended run shows in lists once the index knows it. */
function refreshBackups(client: QueryClient, task: Task) {
  const ask = () => {
    void client.invalidateQueries({ queryKey: ["backup-plans"] });
    void client.invalidateQueries({ queryKey: ["backups"] });
    void client.invalidateQueries({ queryKey: ["instances"] });
  };
  ask();
  if (!isOpen(task)) setTimeout(ask, instancesPause);
}

const isWorking = (task: Task) => isOpen(task) && task.status !== "blocked";

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
