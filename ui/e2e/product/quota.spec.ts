import { expect, test } from "@playwright/test";
import type { Stack } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { apiGet, signIn } from "./helpers.ts";

const control = process.env.MCM_SANDBOX_URL;

test("exceeded quota blocks a deployment and Retry resumes it", async ({ page, request }) => {
  test.skip(!control, "MCM_SANDBOX_URL does not name the simulated cloud");
  await signIn(page, "demo");
  test.skip((await apiGet<Stack>(page, "/stack")).state !== "absent", "a stack already exists");
  const fault = "Quota exceeded for cores: Requested 2, but already used 39 of 40 cores";
  await request.post(`${control}/_control/faults`, {
    data: {
      service: "nova",
      method: "POST",
      path_regex: "/servers$",
      kind: "status",
      status: 403,
      body: JSON.stringify({ forbidden: { code: 403, message: fault } }),
    },
  });
  await page.goto("/stack");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Deploy", exact: true }).click();

  await expect(page.getByText("Quota exceeded", { exact: true })).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText(fault).first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Retry" }).click();
  const heading = page.getByRole("heading", { level: 1 }).locator("..");
  await expect(heading).toContainText("Ready", { timeout: 120_000 });

  await page.getByRole("button", { name: "Delete stack" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete stack" });
  await dialog.getByRole("textbox").fill((await apiGet<Stack>(page, "/stack")).name);
  await dialog.getByRole("button", { name: "Delete the stack" }).click();
  await expect(page.getByRole("radio", { name: /Small/ })).toBeVisible({ timeout: 120_000 });
});
