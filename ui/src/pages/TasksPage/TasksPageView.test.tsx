import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ApiError } from "../../api/problem.ts";
import { MockTasks } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import { TasksPageView, type TasksPageViewProps } from "./TasksPageView.tsx";

const props: TasksPageViewProps = {
  filters: {},
  onFilters: () => {},
  tasks: MockTasks,
  error: null,
  onRetry: () => {},
  loadingMore: false,
};

test("TasksPageView shows status, message and link of each task", async () => {
  await renderView(<TasksPageView {...props} />);
  const row = screen.getByRole("row", { name: /Launch Zabbix/ });
  expect(row).toHaveTextContent("Running");
  expect(row).toHaveTextContent("Waiting for the pod to be ready");
  expect(screen.getByRole("link", { name: "Launch Zabbix" })).toHaveAttribute(
    "href",
    "/tasks/app%3Azabbix~77aa",
  );
});

test("TasksPageView shows that it is loading", async () => {
  await renderView(<TasksPageView {...props} tasks={undefined} />);
  expect(screen.getByRole("status", { name: "Loading" })).toBeInTheDocument();
});

test("TasksPageView shows an error by its code and retries", async () => {
  const onRetry = vi.fn();
  const error = new ApiError("unavailable", 503);
  await renderView(<TasksPageView {...props} tasks={undefined} error={error} onRetry={onRetry} />);
  expect(screen.getByRole("alert")).toHaveTextContent("The cloud is not responding");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(onRetry).toHaveBeenCalledOnce();
});

test("TasksPageView shows an empty list", async () => {
  await renderView(<TasksPageView {...props} tasks={[]} />);
  expect(screen.getByText("No tasks yet")).toBeInTheDocument();
});

test("TasksPageView shows that no task matches the filters", async () => {
  await renderView(<TasksPageView {...props} tasks={[]} filters={{ status: "failed" }} />);
  expect(screen.getByText("No matching tasks")).toBeInTheDocument();
});
