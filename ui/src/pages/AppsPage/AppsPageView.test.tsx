import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { ApiError } from "../../api/problem.ts";
import { MockApps } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import { AppsPageView, type AppsPageViewProps } from "./AppsPageView.tsx";

const props: AppsPageViewProps = {
  apps: MockApps,
  error: null,
  onRetry: () => {},
  stackState: "ready",
  launchReason: () => undefined,
  onSettings: () => {},
  onLaunch: () => {},
};
const tile = (name: string) => within(screen.getByRole("article", { name }));

test("AppsPageView shows the health of an app and links to it", async () => {
  await renderView(<AppsPageView {...props} />);
  expect(tile("Log Management").getByText("Degraded")).toBeInTheDocument();
  expect(tile("Log Management").getByRole("link", { name: /Go to/ })).toHaveAttribute(
    "href",
    "http://graylog.default.svc.mycloudmanager/",
  );
  expect(tile("Monitoring").getByRole("link", { name: "View task" })).toBeInTheDocument();
});

test("AppsPageView launches and configures an app that is not installed", async () => {
  const onLaunch = vi.fn();
  const onSettings = vi.fn();
  await renderView(<AppsPageView {...props} onLaunch={onLaunch} onSettings={onSettings} />);
  await userEvent.click(tile("Scheduler").getByRole("button", { name: /Launch/ }));
  expect(onLaunch).toHaveBeenCalledWith(expect.objectContaining({ name: "rundeck" }));
  await userEvent.click(tile("Scheduler").getByRole("button", { name: "Settings of Scheduler" }));
  expect(onSettings).toHaveBeenCalledWith("rundeck");
});

test("AppsPageView without a stack refuses to launch and links to the stack", async () => {
  const onLaunch = vi.fn();
  const reason = () => "Deploy the stack first";
  await renderView(
    <AppsPageView {...props} stackState="absent" launchReason={reason} onLaunch={onLaunch} />,
  );
  expect(screen.getByRole("link", { name: "Deploy the stack" })).toHaveAttribute("href", "/stack");
  await userEvent.click(tile("Scheduler").getByRole("button", { name: /Launch/ }));
  expect(onLaunch).not.toHaveBeenCalled();
});

test("AppsPageView shows loading, an error and an empty catalogue", async () => {
  await renderView(
    <>
      <AppsPageView {...props} apps={undefined} />
      <AppsPageView {...props} apps={undefined} error={new ApiError("forbidden", 403)} />
      <AppsPageView {...props} apps={[]} />
    </>,
  );
  expect(screen.getByRole("status", { name: "Loading" })).toBeInTheDocument();
  expect(screen.getByText("Permission denied")).toBeInTheDocument();
  expect(screen.getByText("The catalogue is empty")).toBeInTheDocument();
});
