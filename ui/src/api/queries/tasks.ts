import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../client.ts";
import type { Task, TaskStatus } from "../types.ts";

export interface TaskFilters {
  status?: TaskStatus;
  operation?: string;
  target?: string;
  actor?: string;
  since?: string;
  until?: string;
}

export const open: TaskStatus[] = ["queued", "running", "blocked", "cancelling"];
export const isOpen = (task: Pick<Task, "status">) => open.includes(task.status);

export const tasksQuery = (filters: TaskFilters, pageSize = 25) =>
  infiniteQueryOptions({
    queryKey: ["tasks", "list", filters, pageSize],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/tasks", {
          params: {
            query: { ...filters, page_size: pageSize, page_token: pageParam || undefined },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_page_token || undefined,
  });

/** The newest tasks, for the "running now" card in the sidebar. */
export const recentTasksQuery = queryOptions({
  queryKey: ["tasks", "recent"],
  queryFn: () => unwrap(api.GET("/tasks", { params: { query: { page_size: 20 } } })),
  refetchInterval: 30_000,
});

export const getTask = (id: string) => unwrap(api.GET("/tasks/{id}", { params: { path: { id } } }));

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ["tasks", "detail", id],
    queryFn: () => getTask(id),
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? 10_000 : false),
  });

const change = (id: string) => ({ params: { path: { id } } });

export const cancelTask = (id: string) => unwrap(api.POST("/tasks/{id}/cancel", change(id)));
export const retryTask = (id: string) => unwrap(api.POST("/tasks/{id}/retry", change(id)));
