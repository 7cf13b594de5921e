import { expect, type Page, test } from "@playwright/test";
import { MockAbsent, MockTightPreflight } from "../../src/testing/fixtures.ts";
import { expectAccessible, expectNoSideScroll, screens } from "../browser.ts";
import { type MockState, mockApi, mockState } from "./mock.ts";

async function open(page: Page, path: string, change: Partial<MockState> = {}) {
  const state = mockState(change);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.addInitScript(() => {
    if (!localStorage.getItem("mcm-language")) localStorage.setItem("mcm-language", "en");
  });
  await mockApi(page, state);
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  return state;
}

async function screenshot(page: Page, name: string) {
  await expectAccessible(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/dialog-${name}.png` });
}

test("app is launched on a retained or a new volume", async ({ page }) => {
  const state = await open(page, "/apps");
  await page.getByRole("button", { name: "Launch Repositories Hosting" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("radio", { name: /Retained volume, 20 GB/ })).toBeChecked();
  await screenshot(page, "launch");
  await dialog.getByRole("radio", { name: "New, empty volume" }).check();
  await dialog.getByRole("textbox", { name: "Volume size (GB)" }).fill("30");
  await dialog.getByRole("button", { name: "Launch", exact: true }).click();
  await expect(dialog).toBeHidden();
  expect(state.requests["POST /apps/artifactory/launch"]).toEqual({
    version: "4.6.1",
    volume_size_gb: 30,
  });
  const notification = page.locator(".mantine-Notification-root");
  await expect(notification.getByRole("link", { name: "View task" })).toBeVisible();
});

test("settings are validated, reviewed and saved", async ({ page }) => {
  const state = await open(page, "/apps?app=ntp&tab=parameters");
  const stratum = page.getByRole("textbox", { name: "Local stratum" });
  await stratum.fill("8");
  await page.getByRole("tab", { name: "Environment" }).click();
  await page.getByRole("textbox", { name: "Time zone" }).fill("");
  await page.getByRole("tab", { name: "Info" }).click();
  await page.getByRole("button", { name: "Review 2 changes" }).click();
  await expect(page.getByText("This field is required.")).toBeVisible();
  await screenshot(page, "settings-fault");
  await page.getByRole("textbox", { name: "Time zone" }).fill("Europe/Paris");
  await page.getByLabel("Administrator’s password").first().fill("correct horse");
  await page.getByRole("button", { name: "Review 2 changes" }).click();
  const review = page.getByRole("dialog", { name: "Review changes" });
  await expect(review).toContainText("Local stratum");
  await expect(review).not.toContainText("correct horse");
  await screenshot(page, "settings-review");
  await review.getByRole("button", { name: "Save" }).click();
  await expect(review).toBeHidden();
  expect(state.requests["PUT /apps/ntp/settings"]).toMatchObject({
    environment: { ADMIN_PASSWORD: "correct horse", TZ: "Europe/Paris" },
    parameters: { stratum: 8 },
  });
});

test("settings conflict offers to reload the current values", async ({ page }) => {
  const state = await open(page, "/apps?app=ntp&tab=parameters");
  state.failures["/apps/ntp/settings"] = { status: 412, code: "conflict" };
  await page.getByRole("textbox", { name: "Local stratum" }).fill("8");
  await page.getByRole("button", { name: "Review 1 change" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("Someone else changed this in the meantime");
  await page.getByRole("button", { name: "Reload current values" }).click();
  await expect(page.getByRole("textbox", { name: "Local stratum" })).toHaveValue("10");
});

test("uninstall with data requires the name", async ({ page }) => {
  const state = await open(page, "/apps?app=ntp");
  await page.getByRole("button", { name: "Uninstall" }).click();
  const dialog = page.getByRole("dialog", { name: "Uninstall Time Server" });
  await dialog.getByRole("checkbox").check();
  const go = dialog.getByRole("button", { name: "Uninstall and delete data" });
  await expect(go).toBeDisabled();
  await screenshot(page, "uninstall");
  await dialog.getByRole("textbox").fill("ntp");
  await go.click();
  await expect(dialog).toBeHidden();
  expect(state.requests["POST /apps/ntp/uninstall"]).toEqual({
    delete_volume: true,
    confirm: "ntp",
  });
});

test("wizard deploys a preset after the preflight check", async ({ page }) => {
  const state = await open(page, "/stack", { stack: MockAbsent, tasks: [] });
  await page.getByRole("radio", { name: /Highly available/ }).check();
  await page.getByRole("button", { name: "Next" }).click();
  await screenshot(page, "wizard-place");
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("The stack fits into the project")).toBeVisible();
  await screenshot(page, "wizard-check");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect
    .poll(() => state.requests["POST /stack"])
    .toEqual({
      name: "mycloudmanager",
      preset: "ha",
    });
});

test("wizard refuses to deploy if the preflight check fails", async ({ page }) => {
  await open(page, "/stack", { stack: MockAbsent, tasks: [], preflight: MockTightPreflight });
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(
    page.getByText("The stack does not fit into the project", { exact: true }),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: "Deploy", exact: true })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await screenshot(page, "wizard-tight");
});

test("custom size requires every value", async ({ page }) => {
  await open(page, "/stack", { stack: MockAbsent, tasks: [] });
  await page.getByRole("radio", { name: /Custom/ }).check();
  await screenshot(page, "wizard-custom");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("Select a value.").first()).toBeVisible();
});

test("stack is resized and deleted", async ({ page }) => {
  const state = await open(page, "/stack?view=nodes");
  await page.getByRole("button", { name: "Change size" }).click();
  await page.getByRole("textbox", { name: "Nodes" }).fill("4");
  await screenshot(page, "stack-change");
  await page.getByRole("button", { name: "Update the stack" }).click();
  await expect.poll(() => state.requests["PATCH /stack"]).toEqual({ nodes: 4 });
  await page.getByRole("button", { name: "Delete stack" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete stack" });
  await expect(dialog.getByRole("button", { name: "Delete the stack" })).toBeDisabled();
  await dialog.getByRole("textbox").fill("mycloudmanager");
  await screenshot(page, "stack-delete");
  await dialog.getByRole("button", { name: "Delete the stack" }).click();
  await expect(dialog).toBeHidden();
});

test("cancelling a task asks for confirmation", async ({ page }) => {
  const state = await open(page, `/tasks/${encodeURIComponent("stack:toolbox~0b10")}`);
  await page.getByRole("button", { name: "Cancel" }).click();
  await screenshot(page, "task-cancel");
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await expect
    .poll(() => Object.keys(state.requests))
    .toContain("POST /tasks/stack%3Atoolbox~0b10/cancel");
});

test("expired session redirects to sign-in and back", async ({ page }) => {
  const state = await open(page, "/tasks?status=failed");
  state.session = null;
  // Click inside the page: the live stream may detect the expired session first and unmount the menu.
  await page.evaluate(() => document.querySelector<HTMLElement>('a[href="/audit"]')?.click());
  await expect(page.getByText("Your session has expired")).toBeVisible();
  await page.getByRole("button", { name: /demo \/ demo/ }).click();
  await expect(page).toHaveURL(/\/audit$/);
});

test("filters are stored in the URL", async ({ page }) => {
  await open(page, "/tasks?status=failed");
  await expect(page.getByRole("combobox", { name: "Status" })).toHaveValue("Failed");
  await page.getByRole("textbox", { name: "Target" }).fill("ntp");
  await expect(page).toHaveURL(/target=ntp/);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page).toHaveURL(/\/tasks$/);
  await expect(page.getByRole("textbox", { name: "Target" })).toHaveValue("");
});

test("language and theme persist after a reload", async ({ page }) => {
  await open(page, "/apps");
  await page.getByText("FR", { exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Applications");
  await page.getByTitle("Sombre").click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("phone menu opens, navigates and closes", async ({ page }) => {
  await page.setViewportSize(screens.phone);
  await open(page, "/apps");
  await page.getByRole("button", { name: "Main menu" }).click();
  await screenshot(page, "phone-menu");
  await page.getByRole("navigation").getByRole("link", { name: "Tasks" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tasks");
  await expectNoSideScroll(page);
});

test("apps page is operable by keyboard", async ({ page }) => {
  await open(page, "/apps");
  // Wait for the tiles, or Tab would skip them.
  await expect(
    page.getByRole("button", { name: "Settings of Repositories Hosting" }),
  ).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(
    page.getByRole("button", { name: "Settings of Repositories Hosting" }),
  ).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(
    page.getByRole("button", { name: "Settings of Repositories Hosting" }),
  ).toBeFocused();
});

test("token is created and shown once, another is revoked", async ({ page }) => {
  const state = await open(page, "/instances");
  await page.getByRole("button", { name: "Enroll" }).click();
  const dialog = page.getByRole("dialog", { name: "Enroll instances" });
  await expect(dialog.getByText("3 of 5 uses left")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Label" }).fill("web servers");
  await dialog.getByRole("combobox", { name: "Valid for" }).click();
  await page.getByRole("option", { name: "7 days" }).click();
  await expect(dialog.getByText("This token is valid for more than a day")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Number of servers" }).fill("5");
  await dialog.getByRole("combobox", { name: "Agents to install" }).click();
  await page.getByRole("option", { name: "Time Server" }).click();
  await page.keyboard.press("Tab");
  await screenshot(page, "enroll");
  await dialog.getByRole("button", { name: "Create token" }).click();
  await expect(dialog.getByRole("region", { name: "Command" })).toContainText("MCM_TOKEN=");
  expect(state.requests["POST /enrollment-tokens"]).toEqual({
    label: "web servers",
    ttl_seconds: 604_800,
    max_uses: 5,
    agents: ["ntp"],
  });
  await screenshot(page, "enroll-made");
  await dialog.getByRole("tab", { name: "Cloud-config" }).click();
  await expect(dialog.getByRole("region", { name: "Cloud-config" })).toContainText("#cloud-config");
  await screenshot(page, "enroll-cloud");
  await dialog.getByRole("button", { name: "Revoke web servers" }).click();
  await screenshot(page, "enroll-revoke");
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect
    .poll(() => Object.keys(state.requests))
    .toContain("DELETE /enrollment-tokens/k4ybq2");
});

test("agent is reinstalled, checked and removed by its menu", async ({ page }) => {
  const state = await open(page, "/instances");
  const [build, , web] = state.instances;
  if (build) build.task = undefined;
  await page.reload();
  await page.getByRole("button", { name: "Monitoring on web-1: Configuration drift" }).click();
  await screenshot(page, "agent-menu");
  await page.getByRole("menuitem", { name: "Reinstall" }).click();
  await expect
    .poll(() => Object.keys(state.requests))
    .toContain(`PUT /instances/${web?.id}/agents/zabbix`);
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.getByRole("button", { name: "Time Server on web-1: Installed" }).click();
  await page.getByRole("menuitem", { name: "Check" }).click();
  await expect
    .poll(() => state.requests["POST /agents:batch"])
    .toEqual({ action: "check", apps: ["ntp"], instances: [web?.id] });
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.getByRole("button", { name: "Time Server on web-1: Installed" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove the Time Server agent?" });
  await screenshot(page, "agent-remove");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(dialog).toBeHidden();
  expect(Object.keys(state.requests)).toContain(`DELETE /instances/${web?.id}/agents/ntp`);
});

test("bulk action starts one task for all selected instances", async ({ page }) => {
  const state = await open(page, "/instances");
  await page.getByRole("checkbox", { name: "Select all enrolled instances" }).check();
  const bar = page.getByRole("region", { name: "Bulk actions" });
  await bar.getByRole("button", { name: "Install" }).click();
  await screenshot(page, "agents-bulk");
  await page.getByRole("menuitem", { name: "Time Server" }).click();
  const instances = state.instances.filter((i) => i.enrolled).map((i) => i.id);
  await expect
    .poll(() => state.requests["POST /agents:batch"])
    .toEqual({ action: "install", apps: ["ntp"], instances });
  await expect(bar).toBeHidden();
});

test("unenrolling an instance explains the effects and asks for confirmation", async ({ page }) => {
  const state = await open(page, "/instances");
  const web = state.instances[2];
  await page.getByRole("link", { name: "web-1", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`instance=${web?.id}`));
  await page.getByRole("button", { name: "Unenroll" }).click();
  const dialog = page.getByRole("dialog", { name: "Unenroll web-1?" });
  await expect(dialog).toContainText("Installed agents are kept");
  await screenshot(page, "unenroll");
  await dialog.getByRole("button", { name: "Unenroll" }).click();
  await expect(dialog).toBeHidden();
  expect(Object.keys(state.requests)).toContain(`DELETE /instances/${web?.id}`);
});
