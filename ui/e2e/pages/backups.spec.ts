import { expect, type Page, test } from "@playwright/test";
import { MockBackups, MockPlans } from "../../src/testing/backups.ts";
import { MockSession } from "../../src/testing/fixtures.ts";
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
  await expectNoSideScroll(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/backup-${name}.png` });
}

for (const [width, viewport] of Object.entries(screens)) {
  test(`wizard creates a file backup plan, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const state = await open(page, "/backups/new");
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByText("Enter a name.")).toBeVisible();
    await page.getByRole("textbox", { name: "Plan name" }).fill("Nightly");
    await page.getByRole("textbox", { name: "Plan name" }).press("Enter");
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByRole("alert")).toContainText("at least one server");
    await page.getByRole("checkbox", { name: "web-1" }).check();
    await page.getByRole("checkbox", { name: "web-2" }).check();
    await expect(page.getByText("2 servers selected")).toBeVisible();
    await screenshot(page, `wizard-servers-${width}`);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("radio", { name: /Soft/ }).check();
    await expect(page.getByText("web-2 is not enrolled")).toBeVisible();
    await page.getByRole("button", { name: "Advanced options" }).click();
    await page.getByRole("textbox", { name: "Exclude patterns" }).fill("*.cache");
    await page.getByRole("combobox", { name: "Frequency" }).click();
    await page.getByRole("option", { name: "Weekly" }).click();
    await page.getByLabel("Time", { exact: true }).fill("03:15");
    await expect(page.getByText("Clocks go forward")).toBeVisible();
    await screenshot(page, `wizard-how-${width}`);
    if (process.env.SHOTS) {
      await page.screenshot({
        path: `${process.env.SHOTS}/backup-wizard-full-${width}.png`,
        fullPage: true,
      });
    }
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page).toHaveURL(/\/backups\/plans\//);
    expect(state.requests["POST /backup-plans"]).toMatchObject({
      name: "Nightly",
      method: "soft",
      directories: ["/data", "/config"],
      soft: { engine: "restic", excludes: ["*.cache"], on_hook_error: "fail" },
      schedule: { frequency: "weekly", weekday: "sunday", time: "03:15" },
      catch_up_seconds: 3600,
      retention: { keep_last: 7 },
    });
  });

  test(`snapshot restore in place requires the name, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const state = await open(page, "/instances");
    await page.getByRole("button", { name: "Restore web-1" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore web-1" });
    await expect(
      dialog.getByText("A safety snapshot of the current state is taken first"),
    ).toBeVisible();
    const go = dialog.getByRole("button", { name: "Restore", exact: true });
    await expect(go).toHaveAttribute("aria-disabled", "true");
    await screenshot(page, `restore-snapshot-${width}`);
    await dialog.getByRole("textbox", { name: "Type web-1 to confirm" }).fill("web-1");
    await go.click();
    await expect(page).toHaveURL(/\/tasks\//);
    const id = MockBackups[0]?.instance;
    expect(state.requests[`POST /instances/${id}/restore`]).toMatchObject({
      backup_id: MockBackups[0]?.id,
      confirm: "web-1",
    });
  });

  test(`snapshot restore to a new server, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const state = await open(page, "/instances");
    await page.getByRole("button", { name: "Restore web-1" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore web-1" });
    await dialog.getByRole("radio", { name: /As a new server/ }).check();
    const name = dialog.getByRole("textbox", { name: "Name of the new server" });
    await expect(name).toHaveValue("web-1-restored");
    await screenshot(page, `restore-new-server-${width}`);
    const go = dialog.getByRole("button", { name: "Create server" });
    await name.fill("web-2");
    await expect(dialog.getByText("An instance with this name already exists.")).toBeVisible();
    await expect(go).toHaveAttribute("aria-disabled", "true");
    await name.fill("web-1 of May");
    await go.click();
    await expect(page).toHaveURL(/\/tasks\//);
    expect(state.requests[`POST /instances/${MockBackups[0]?.instance}/restore`]).toEqual({
      backup_id: MockBackups[0]?.id,
      target: "/restore",
      new_server_name: "web-1 of May",
    });
  });

  test(`snapshot of a deleted server restores only to a new server, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const deleted = "00000000-0000-4000-8000-00000000dead";
    const old = MockBackups.slice(0, 1).map((b) => ({
      ...b,
      instance: deleted,
      instance_name: "old-1",
    }));
    const state = await open(page, "/backups?view=backups", { backups: old });
    await page.getByRole("button", { name: /^Restore old-1/ }).click();
    const dialog = page.getByRole("dialog", { name: "Restore old-1" });
    await expect(dialog.getByText("old-1 no longer exists.")).toBeVisible();
    await expect(dialog.getByRole("radio", { name: /In place/ })).toBeDisabled();
    const go = dialog.getByRole("button", { name: "Create server" });
    await expect(go).toHaveAttribute("aria-disabled", "true");
    await dialog.getByRole("textbox", { name: "Flavor" }).fill("m1.small");
    const networks = dialog.getByLabel("Networks", { exact: true });
    await networks.fill("demo-net");
    await networks.press("Enter");
    await screenshot(page, `restore-deleted-${width}`);
    await go.click();
    await expect(page).toHaveURL(/\/tasks\//);
    expect(state.requests[`POST /instances/${deleted}/restore`]).toMatchObject({
      new_server_name: "old-1-restored",
      flavor: "m1.small",
      networks: ["demo-net"],
    });
  });

  test(`wizard creates a plan with a consistency group, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const state = await open(page, "/backups/new");
    await page.getByRole("textbox", { name: "Plan name" }).fill("Shop");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("checkbox", { name: "web-1" }).check();
    await page.getByRole("checkbox", { name: "web-2" }).check();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("switch", { name: "Consistency group" }).check();
    await screenshot(page, `wizard-consistency-group-${width}`);
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page).toHaveURL(/\/backups\/plans\//);
    expect(state.requests["POST /backup-plans"]).toMatchObject({
      method: "snapshot",
      snapshot: { consistency_group: true },
    });
  });

  test(`selected files are restored, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const state = await open(page, "/backups?view=backups");
    await page
      .getByRole("row", { name: /Soft/ })
      .getByRole("button", { name: /^Restore web-1/ })
      .click();
    const dialog = page.getByRole("dialog", { name: "Restore web-1" });
    await expect(dialog.getByText("12,345 files · 812 MB")).toBeVisible();
    await dialog.getByRole("button", { name: "data", exact: true }).click();
    await dialog.getByRole("checkbox", { name: "Restore all.sql" }).check();
    await dialog.getByRole("searchbox", { name: "Search by name" }).fill("report");
    await dialog.getByRole("checkbox", { name: "Restore /data/uploads/report.pdf" }).check();
    await expect(dialog.getByText("2 selected")).toBeVisible();
    await screenshot(page, `restore-files-${width}`);
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    await expect(page).toHaveURL(/\/tasks\//);
    expect(state.requests[`POST /instances/${MockBackups[1]?.instance}/restore`]).toEqual({
      backup_id: MockBackups[1]?.id,
      paths: ["/data/all.sql", "/data/uploads/report.pdf"],
      target: "/restore",
      confirm: "web-1",
    });
  });
}

test("plan is run, paused with a note and resumed", async ({ page }) => {
  const state = await open(page, "/backups");
  const id = MockPlans[0]?.id;
  await page.getByRole("button", { name: "Run Demo now" }).click();
  await expect(
    page.locator(".mantine-Notification-root").getByRole("link", { name: "View task" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "More actions for Demo" }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause Demo?" });
  await dialog.getByRole("textbox", { name: "Note" }).fill("during the move");
  await screenshot(page, "pause");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await expect(dialog).toBeHidden();
  expect(state.requests[`POST /backup-plans/${id}/pause`]).toEqual({ note: "during the move" });
  await page.getByRole("button", { name: "More actions for Legacy, monthly" }).click();
  await page.getByRole("menuitem", { name: "Resume" }).click();
  await expect
    .poll(() => Object.keys(state.requests))
    .toContain(`POST /backup-plans/${MockPlans[2]?.id}/resume`);
});

test("deleting a plan with its backups requires the name", async ({ page }) => {
  const state = await open(page, `/backups/plans/${MockPlans[0]?.id}`);
  await page.getByRole("button", { name: "More actions for Demo" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete the plan Demo?" });
  await dialog.getByRole("checkbox", { name: "Also delete its backups" }).check();
  const go = dialog.getByRole("button", { name: "Delete plan and backups" });
  await expect(go).toBeDisabled();
  await screenshot(page, "delete-plan");
  await dialog.getByRole("textbox").fill("Demo");
  await go.click();
  await expect(page).toHaveURL(/\/backups$/);
  expect(Object.keys(state.requests)).toContain(`DELETE /backup-plans/${MockPlans[0]?.id}`);
});

test("edit conflict offers to reload the current plan", async ({ page }) => {
  const path = `/backup-plans/${MockPlans[1]?.id}`;
  await open(page, `/backups/plans/${MockPlans[1]?.id}/edit`);
  await page.route(`**/api/v1${path}`, (route) =>
    route.request().method() === "PUT"
      ? route.fulfill({ status: 412, json: { title: "", type: "", status: 412, code: "conflict" } })
      : route.fallback(),
  );
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByRole("textbox", { name: "Pre-backup command" })).toHaveValue(/pg_dumpall/);
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("alert")).toContainText("Someone else changed this in the meantime");
  await screenshot(page, "conflict");
  await page.getByRole("button", { name: "Reload current values" }).click();
  await expect(page.getByRole("textbox", { name: "Plan name" })).toHaveValue("Web data, weekly");
});

test("backup is verified with a restore test, released and deleted", async ({ page }) => {
  const state = await open(page, "/backups?view=backups");
  const soft = MockBackups[1]?.id;
  const menu = page
    .getByRole("row", { name: /Soft/ })
    .getByRole("button", { name: /^More actions for/ });
  await menu.click();
  await expect(page.getByRole("menuitem", { name: "Delete" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await page.getByRole("menuitem", { name: "Restore test" }).click();
  await expect
    .poll(() => state.requests[`POST /backups/${soft}/verify`])
    .toEqual({ restore_test: true });
  await menu.click();
  await page.getByRole("menuitem", { name: "Release" }).click();
  await expect.poll(() => state.requests[`PUT /backups/${soft}/hold`]).toEqual({ held: false });
  await page
    .getByRole("row", { name: /legacy/ })
    .getByRole("button", { name: /^More actions for/ })
    .click();
  await screenshot(page, "menu");
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete a backup of legacy?" });
  await screenshot(page, "delete-backup");
  await dialog.getByRole("button", { name: "Delete backup" }).click();
  await expect(dialog).toBeHidden();
  expect(Object.keys(state.requests)).toContain(`DELETE /backups/${MockBackups[3]?.id}`);
});

for (const [width, viewport] of Object.entries(screens)) {
  test(`overdue plan and notification channels are shown, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const state = await open(page, "/backups", {
      session: { ...MockSession, role: "administrator" },
    });
    const row = page.getByRole("row", { name: /Web data, weekly/ });
    await expect(row.getByText("Overdue")).toBeVisible();
    await expect(row.getByText("2 missed runs")).toBeVisible();
    const channels = page.getByRole("list", { name: "Notification channels" });
    await expect(channels.getByRole("listitem").first()).toContainText(
      /ops@example.org.*Delivered.*“Web data, weekly” is overdue/,
    );
    await expect(channels).toContainText("the webhook responds 503");
    await expect(channels).toContainText("Nothing sent yet");
    const sendTest = page.getByRole("button", { name: "Send test notification" });
    await sendTest.focus();
    await page.keyboard.press("Enter");
    await expect(
      page.locator(".mantine-Notification-root").getByRole("link", { name: "View task" }),
    ).toBeVisible();
    expect(Object.keys(state.requests)).toContain("POST /notifications/test");
    await screenshot(page, `notifications-${width}`);
    await page.getByRole("link", { name: "Web data, weekly" }).click();
    await expect(page.getByRole("alert").first()).toContainText("No recent good backup of web-1");
    await screenshot(page, `overdue-${width}`);
  });
}

test("without channels the settings that enable notifications are listed", async ({ page }) => {
  await open(page, "/backups", { channels: [] });
  const settings = page.getByRole("list", { name: "Settings that enable notifications" });
  await expect(settings).toContainText("notification-mail-to");
  await expect(settings).toContainText("notification-webhook-secret-file");
  await expect(page.getByRole("button", { name: "Send test notification" })).toBeHidden();
  await screenshot(page, "notifications-none");
});

test("only an administrator can send a test notification", async ({ page }) => {
  const state = await open(page, "/backups", { session: { ...MockSession, role: "operator" } });
  const sendTest = page.getByRole("button", { name: "Send test notification" });
  await expect(sendTest).toHaveAttribute("aria-disabled", "true");
  await sendTest.focus();
  await expect(page.getByRole("tooltip")).toContainText("administrator");
  await page.keyboard.press("Enter");
  expect(Object.keys(state.requests)).not.toContain("POST /notifications/test");
});
