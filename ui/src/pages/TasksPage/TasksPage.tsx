import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { mergePages } from "../../api/mergePages.ts";
import { type TaskFilters, tasksQuery } from "../../api/queries/tasks.ts";
import { TasksPageView } from "./TasksPageView.tsx";

/** All tasks. The filters are stored in the URL. */
export function TasksPage() {
  const filters = useSearch({ from: "/app/tasks" });
  const navigate = useNavigate();
  const list = useInfiniteQuery(tasksQuery(filters));
  const setFilters = (next: TaskFilters) => navigate({ to: "/tasks", search: next, replace: true });
  return (
    <TasksPageView
      filters={filters}
      onFilters={setFilters}
      tasks={mergePages(list.data?.pages)}
      error={list.error}
      onRetry={() => list.refetch()}
      more={list.hasNextPage ? () => list.fetchNextPage() : undefined}
      loadingMore={list.isFetchingNextPage}
    />
  );
}
