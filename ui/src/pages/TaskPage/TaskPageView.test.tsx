import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { MockBlocked, MockDeploy } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import { TaskPageView } from "./TaskPageView.tsx";

test("TaskPageView shows the steps with status and attempt", async () => {
  await renderView(<TaskPageView task={MockDeploy} admin={false} />);
  const steps = within(screen.getByRole("list", { name: "Steps" })).getAllByRole("listitem");
  expect(steps).toHaveLength(5);
  expect(steps[0]).toHaveTextContent("Done · 2 s");
  expect(steps[2]).toHaveTextContent("attempt 2");
  expect(screen.queryByText("Open in Temporal Web")).not.toBeInTheDocument();
});

test("TaskPageView of a blocked task shows the cause and Retry", async () => {
  await renderView(<TaskPageView task={MockBlocked} admin />);
  expect(screen.getByText(/already used 18 of 20 cores/)).toBeInTheDocument();
  expect(screen.getByText(/select Retry to resume where it stopped/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Retry" })).toBeEnabled();
  expect(screen.getByRole("link", { name: /Open in Temporal Web/ })).toBeInTheDocument();
});

test("TaskPageView disables the actions for a viewer", async () => {
  await renderView(<TaskPageView task={MockBlocked} admin={false} />, "viewer");
  expect(screen.getByRole("button", { name: "Retry" })).toHaveAttribute("aria-disabled", "true");
  expect(screen.getByRole("button", { name: "Cancel" })).toHaveAttribute("aria-disabled", "true");
});
