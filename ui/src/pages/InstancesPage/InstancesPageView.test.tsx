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

test("a row tells state, addresses and what works on it in words", async () => {
  await renderView(<InstancesPageView {...props} />);
  expect(row(/legacy/)).toHaveTextContent("Stopped");
  expect(row(/legacy/)).toHaveTextContent("Not enrolled");
  expect(row(/web-1/)).toHaveTextContent("203.0.113.41");
  expect(screen.getByRole("link", { name: "Follow the task on build-1" })).toHaveAttribute(
    "href",
    "/tasks/app%3Azabbix~77aa",
  );
});

test("a grey logo installs, one in colour opens what else can be done", async () => {
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
  ["a task works on it", "Install Antivirus Update Mirror on build-1", "Another task works"],
])("nothing is installed while %s, and it says so", async (_, name, reason) => {
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

test("a viewer sees all and changes nothing", async () => {
  await renderView(<InstancesPageView {...props} />, "viewer");
  expect(screen.queryByRole("checkbox")).toBeNull();
  expect(screen.getByRole("button", { name: "Enroll" })).toHaveAttribute("aria-disabled", "true");
  expect(screen.getByRole("button", { name: "Install Time Server on web-2" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
});

test("all that are enrolled are chosen at once, and worked on at once", async () => {
  const onSelect = vi.fn();
  const onAgents = vi.fn();
  const ids = MockInstances.filter((i) => i.enrolled).map((i) => i.id);
  await renderView(
    <>
      <InstancesPageView {...props} onSelect={onSelect} />
      <InstancesPageView {...props} selected={new Set(ids)} onAgents={onAgents} />
    </>,
  );
  const [first] = screen.getAllByRole("checkbox", { name: "Choose all enrolled instances" });
  await userEvent.click(first as HTMLElement);
  expect(onSelect).toHaveBeenCalledWith(new Set(ids));
  const bar = within(screen.getByRole("region", { name: "With the chosen instances" }));
  expect(bar.getByText("2 chosen")).toBeInTheDocument();
  await userEvent.click(bar.getByRole("button", { name: "Check" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Time Server" }));
  await waitFor(() => expect(onAgents).toHaveBeenCalledOnce());
  const [action, instances] = onAgents.mock.calls[0] ?? [];
  expect([action, instances.length]).toEqual(["check", 2]);
});

test("the heads of columns sort", async () => {
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

test("a thousand instances are drawn in parts", async () => {
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

test("tells loading, an error, none at all and none that match apart", async () => {
  await renderView(
    <>
      <InstancesPageView {...props} instances={undefined} />
      <InstancesPageView {...props} instances={undefined} error={new ApiError("forbidden", 403)} />
      <InstancesPageView {...props} instances={[]} />
      <InstancesPageView {...props} search={{ q: "nothing" }} />
    </>,
  );
  expect(screen.getByRole("status", { name: "Loading" })).toBeInTheDocument();
  expect(screen.getByText("Not allowed")).toBeInTheDocument();
  expect(screen.getByText("No instance yet")).toBeInTheDocument();
  expect(screen.getByText("No instance matches")).toBeInTheDocument();
});
