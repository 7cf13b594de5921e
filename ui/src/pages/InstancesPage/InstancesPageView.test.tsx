import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ApiError } from "../../api/problem.ts";
import { MockApps, MockInstances } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import { InstancesPageView, type InstancesPageViewProps } from "./InstancesPageView.tsx";

const props: InstancesPageViewProps = {
  search: {},
  onSearch: () => {},
  instances: MockInstances,
  apps: MockApps,
  error: null,
  onRetry: () => {},
  selected: new Set(),
  onSelect: () => {},
  onEnroll: () => {},
  onAgents: () => {},
  onRestore: () => {},
};
const row = (name: RegExp) => screen.getByRole("row", { name });
const web1 = MockInstances.find((i) => i.name === "web-1");

test("InstancesPageView shows status, addresses and the running task of an instance", async () => {
  await renderView(<InstancesPageView {...props} />);
  expect(row(/legacy/)).toHaveTextContent("Stopped");
  expect(row(/legacy/)).toHaveTextContent("Not enrolled");
  expect(row(/web-1/)).toHaveTextContent("203.0.113.41");
  expect(screen.getByRole("link", { name: "View the task running on build-1" })).toHaveAttribute(
    "href",
    "/tasks/app%3Azabbix~77aa",
  );
});

test("AgentButton installs an absent agent and opens a menu for an installed one", async () => {
  const onAgents = vi.fn();
  await renderView(
    <InstancesPageView
      {...props}
      apps={MockApps.map((a) => ({ ...a, revision: 1 }))}
      onAgents={onAgents}
    />,
  );
  await userEvent.click(screen.getByRole("button", { name: "Install Scheduler on web-1" }));
  const scheduler = expect.objectContaining({ name: "rundeck" });
  expect(onAgents).toHaveBeenCalledWith("install", [web1], scheduler);
  await userEvent.click(screen.getByRole("button", { name: "Time Server on web-1: Installed" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Remove" }));
  const ntp = expect.objectContaining({ name: "ntp" });
  expect(onAgents).toHaveBeenLastCalledWith("remove", [web1], ntp);
});

test.each([
  ["the instance is not enrolled", "Install Time Server on web-2", "web-2 is not enrolled"],
  ["the app is not launched", "Install Scheduler on web-1", "Scheduler is not installed"],
  ["a task is running", "Install Antivirus Update Mirror on build-1", "Another task is running"],
])("AgentButton refuses and explains while %s", async (_, name, reason) => {
  const onAgents = vi.fn();
  const apps = MockApps.map((a) => (a.name === "clamav" ? { ...a, revision: 1 } : a));
  await renderView(<InstancesPageView {...props} apps={apps} onAgents={onAgents} />);
  const button = screen.getByRole("button", { name });
  expect(button).toHaveAttribute("aria-disabled", "true");
  await userEvent.hover(button);
  expect(await screen.findByRole("tooltip")).toHaveTextContent(reason);
  await userEvent.click(button);
  expect(onAgents).not.toHaveBeenCalled();
});

test("InstancesPageView is read-only for a viewer", async () => {
  await renderView(<InstancesPageView {...props} />, "viewer");
  expect(screen.queryByRole("checkbox")).toBeNull();
  expect(screen.getByRole("button", { name: "Enroll" })).toHaveAttribute("aria-disabled", "true");
  expect(screen.getByRole("button", { name: "Install Time Server on web-2" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
});

test("InstancesPageView selects all enrolled instances for a bulk action", async () => {
  const onSelect = vi.fn();
  const onAgents = vi.fn();
  const ids = MockInstances.filter((i) => i.enrolled).map((i) => i.id);
  await renderView(
    <>
      <InstancesPageView {...props} onSelect={onSelect} />
      <InstancesPageView {...props} selected={new Set(ids)} onAgents={onAgents} />
    </>,
  );
  const [first] = screen.getAllByRole("checkbox", { name: "Select all enrolled instances" });
  await userEvent.click(first as HTMLElement);
  expect(onSelect).toHaveBeenCalledWith(new Set(ids));
  const bar = within(screen.getByRole("region", { name: "Bulk actions" }));
  expect(bar.getByText("2 selected")).toBeInTheDocument();
  await userEvent.click(bar.getByRole("button", { name: "Check" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Time Server" }));
  await waitFor(() => expect(onAgents).toHaveBeenCalledOnce());
  const [action, instances] = onAgents.mock.calls[0] ?? [];
  expect([action, instances.length]).toEqual(["check", 2]);
});

test("InstancesPageView sorts by column header", async () => {
  const onSearch = vi.fn();
  await renderView(
    <InstancesPageView {...props} search={{ sort: "status" }} onSearch={onSearch} />,
  );
  expect(screen.getByRole("columnheader", { name: "Status" })).toHaveAttribute(
    "aria-sort",
    "ascending",
  );
  await userEvent.click(screen.getByRole("button", { name: "Status" }));
  expect(onSearch).toHaveBeenCalledWith({ sort: "-status" });
});

test("InstancesPageView renders a thousand instances in pages", async () => {
  const many = Array.from({ length: 1000 }, (_, n) => ({
    ...(MockInstances[0] as (typeof MockInstances)[number]),
    id: `i${n}`,
    name: `host-${n}`,
    agents: [],
  }));
  await renderView(<InstancesPageView {...props} instances={many} />);
  expect(screen.getAllByRole("row")).toHaveLength(51);
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  expect(screen.getAllByRole("row")).toHaveLength(101);
});

test("InstancesPageView shows loading, an error, an empty list and no match", async () => {
  await renderView(
    <>
      <InstancesPageView {...props} instances={undefined} />
      <InstancesPageView {...props} instances={undefined} error={new ApiError("forbidden", 403)} />
      <InstancesPageView {...props} instances={[]} />
      <InstancesPageView {...props} search={{ q: "nothing" }} />
    </>,
  );
  expect(screen.getByRole("status", { name: "Loading" })).toBeInTheDocument();
  expect(screen.getByText("Permission denied")).toBeInTheDocument();
  expect(screen.getByText("No instances yet")).toBeInTheDocument();
  expect(screen.getByText("No matching instances")).toBeInTheDocument();
});
