import { expect, type Page, test } from "@playwright/test";
import { MockBackups, MockPlans } from "../../src/testing/backups.ts";
import { MockSession } from "../../src/testing/fixtures.ts";
import { expectAccessible, expectNoSideScroll, screens } from "../browser.ts";
import { mockApi, type World, world } from "./mock.ts";

async function open(page: Page, path: string, change: Partial<World> = {}) {
  const given = world(change);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.addInitScript(() => {
    if (!localStorage.getItem("mcm-language")) localStorage.setItem("mcm-language", "en");
  });
  await mockApi(page, given);
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  return given;
}

async function shot(page: Page, name: string) {
  await expectAccessible(page);
  await expectNoSideScroll(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/backup-${name}.png` });
}

for (const [width, viewport] of Object.entries(screens)) {
  test(`the wizard makes a soft plan in three steps, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const given = await open(page, "/backups/new");
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByText("Give it a name.")).toBeVisible();
    await page.getByRole("textbox", { name: "Backup name" }).fill("Nightly");
    await page.getByRole("textbox", { name: "Backup name" }).press("Enter");
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByRole("alert")).toContainText("at least one server");
    await page.getByRole("checkbox", { name: "web-1" }).check();
    await page.getByRole("checkbox", { name: "web-2" }).check();
    await expect(page.getByText("2 servers chosen")).toBeVisible();
    await shot(page, `wizard-servers-${width}`);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("radio", { name: /Soft/ }).check();
    await expect(page.getByText("web-2 is not enrolled")).toBeVisible();
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("textbox", { name: "Excludes" }).fill("*.cache");
    await page.getByRole("combobox", { name: "How often" }).click();
    await page.getByRole("option", { name: "Weekly" }).click();
    await page.getByLabel("Time", { exact: true }).fill("03:15");
    await expect(page.getByText("The clocks go forward")).toBeVisible();
    await shot(page, `wizard-how-${width}`);
    if (process.env.SHOTS) {
      await page.screenshot({
        path: `${process.env.SHOTS}/backup-wizard-full-${width}.png`,
        fullPage: true,
      });
    }
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page).toHaveURL(/\/backups\/plans\//);
    expect(given.asked["POST /backup-plans"]).toMatchObject({
      name: "Nightly",
      method: "soft",
      directories: ["/data", "/config"],
      soft: { engine: "restic", excludes: ["*.cache"], on_hook_error: "fail" },
      schedule: { frequency: "weekly", weekday: "sunday", time: "03:15" },
      catch_up_seconds: 3600,
      retention: { keep_last: 7 },
    });
  });

  test(`a snapshot is restored once the name is typed, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const given = await open(page, "/instances");
    await page.getByRole("button", { name: "Restore web-1" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore web-1" });
    await expect(
      dialog.getByText("A safety snapshot of how it is now is made first"),
    ).toBeVisible();
    const go = dialog.getByRole("button", { name: "Restore", exact: true });
    await expect(go).toHaveAttribute("aria-disabled", "true");
    await shot(page, `restore-snapshot-${width}`);
    await dialog.getByRole("textbox", { name: "Type web-1 to confirm" }).fill("web-1");
    await go.click();
    await expect(page).toHaveURL(/\/tasks\//);
    const id = MockBackups[0]?.instance;
    expect(given.asked[`POST /instances/${id}/restore`]).toMatchObject({
      backup_id: MockBackups[0]?.id,
      confirm: "web-1",
    });
  });

  test(`a snapshot becomes a new server beside, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const given = await open(page, "/instances");
    await page.getByRole("button", { name: "Restore web-1" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore web-1" });
    await dialog.getByRole("radio", { name: /As a new server beside it/ }).check();
    const name = dialog.getByRole("textbox", { name: "Name of the new server" });
    await expect(name).toHaveValue("web-1-restored");
    await shot(page, `restore-beside-${width}`);
    const go = dialog.getByRole("button", { name: "Make the new server" });
    await name.fill("web-2");
    await expect(dialog.getByText("There is an instance of this name.")).toBeVisible();
    await expect(go).toHaveAttribute("aria-disabled", "true");
    await name.fill("web-1 of May");
    await go.click();
    await expect(page).toHaveURL(/\/tasks\//);
    expect(given.asked[`POST /instances/${MockBackups[0]?.instance}/restore`]).toEqual({
      backup_id: MockBackups[0]?.id,
      target: "/restore",
      beside: "web-1 of May",
    });
  });

  test(`a snapshot of a server that is gone, or boots from a volume, only becomes a new one, ${width}`, async ({
    page,
  }) => {
    await page.setViewportSize(viewport);
    const gone = "00000000-0000-4000-8000-00000000dead";
    const old = MockBackups.slice(0, 1).map((b) => ({
      ...b,
      instance: gone,
      instance_name: "old-1",
    }));
    const given = await open(page, "/backups?view=backups", { backups: old });
    await page.getByRole("button", { name: /^Restore old-1/ }).click();
    const dialog = page.getByRole("dialog", { name: "Restore old-1" });
    await expect(dialog.getByText("old-1 does not exist any more.")).toBeVisible();
    await expect(dialog.getByRole("radio", { name: /In place/ })).toBeDisabled();
    const go = dialog.getByRole("button", { name: "Make the new server" });
    await expect(go).toHaveAttribute("aria-disabled", "true");
    await dialog.getByRole("textbox", { name: "Size" }).fill("m1.small");
    const networks = dialog.getByLabel("Networks", { exact: true });
    await networks.fill("demo-net");
    await networks.press("Enter");
    await shot(page, `restore-gone-${width}`);
    await go.click();
    await expect(page).toHaveURL(/\/tasks\//);
    expect(given.asked[`POST /instances/${gone}/restore`]).toMatchObject({
      beside: "old-1-restored",
      flavor: "m1.small",
      networks: ["demo-net"],
    });
  });

  test(`a plan takes all its servers together, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const given = await open(page, "/backups/new");
    await page.getByRole("textbox", { name: "Backup name" }).fill("Shop");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("checkbox", { name: "web-1" }).check();
    await page.getByRole("checkbox", { name: "web-2" }).check();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("switch", { name: "All servers together" }).check();
    await shot(page, `wizard-together-${width}`);
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page).toHaveURL(/\/backups\/plans\//);
    expect(given.asked["POST /backup-plans"]).toMatchObject({
      method: "snapshot",
      snapshot: { together: true },
    });
  });

  test(`files of a soft backup are chosen and restored, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const given = await open(page, "/backups?view=backups");
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
    await expect(dialog.getByText("2 chosen")).toBeVisible();
    await shot(page, `restore-soft-${width}`);
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    await expect(page).toHaveURL(/\/tasks\//);
    expect(given.asked[`POST /instances/${MockBackups[1]?.instance}/restore`]).toEqual({
      backup_id: MockBackups[1]?.id,
      paths: ["/data/all.sql", "/data/uploads/report.pdf"],
      target: "/restore",
      confirm: "web-1",
    });
  });
}

test("a plan is paused with a note, resumed, run", async ({ page }) => {
  const given = await open(page, "/backups");
  const id = MockPlans[0]?.id;
  await page.getByRole("button", { name: "Run Demo now" }).click();
  await expect(page.getByRole("link", { name: "Follow it" })).toBeVisible();
  await page.getByRole("button", { name: "More for Demo" }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause Demo?" });
  await dialog.getByRole("textbox", { name: "Note" }).fill("during the move");
  await shot(page, "pause");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await expect(dialog).toBeHidden();
  expect(given.asked[`POST /backup-plans/${id}/pause`]).toEqual({ note: "during the move" });
  await page.getByRole("button", { name: "More for Legacy, monthly" }).click();
  await page.getByRole("menuitem", { name: "Resume" }).click();
  await expect
    .poll(() => Object.keys(given.asked))
    .toContain(`POST /backup-plans/${MockPlans[2]?.id}/resume`);
});

test("a plan is deleted; with its backups only when its name is typed", async ({ page }) => {
  const given = await open(page, `/backups/plans/${MockPlans[0]?.id}`);
  await page.getByRole("button", { name: "More for Demo" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete the plan Demo?" });
  await dialog.getByRole("checkbox", { name: "Delete its backups too" }).check();
  const go = dialog.getByRole("button", { name: "Delete the plan and its backups" });
  await expect(go).toBeDisabled();
  await shot(page, "delete-plan");
  await dialog.getByRole("textbox").fill("Demo");
  await go.click();
  await expect(page).toHaveURL(/\/backups$/);
  expect(Object.keys(given.asked)).toContain(`DELETE /backup-plans/${MockPlans[0]?.id}`);
});

test("a lost race says what to do, and loads what is there now", async ({ page }) => {
  const path = `/backup-plans/${MockPlans[1]?.id}`;
  await open(page, `/backups/plans/${MockPlans[1]?.id}/edit`);
  await page.route(`**/api/v1${path}`, (route) =>
    route.request().method() === "PUT"
      ? route.fulfill({ status: 412, json: { title: "", type: "", status: 412, code: "conflict" } })
      : route.fallback(),
  );
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByRole("textbox", { name: "Command before" })).toHaveValue(/pg_dumpall/);
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("alert")).toContainText("Someone else changed this meanwhile");
  await shot(page, "stale");
  await page.getByRole("button", { name: "Load the current values" }).click();
  await expect(page.getByRole("textbox", { name: "Backup name" })).toHaveValue("Web data, weekly");
});

test("a backup is verified, drilled, released and deleted", async ({ page }) => {
  const given = await open(page, "/backups?view=backups");
  const soft = MockBackups[1]?.id;
  const menu = page.getByRole("row", { name: /Soft/ }).getByRole("button", { name: /^More for/ });
  await menu.click();
  await expect(page.getByRole("menuitem", { name: "Delete" })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await page.getByRole("menuitem", { name: "Restore drill" }).click();
  await expect.poll(() => given.asked[`POST /backups/${soft}/verify`]).toEqual({ drill: true });
  await menu.click();
  await page.getByRole("menuitem", { name: "Release" }).click();
  await expect.poll(() => given.asked[`PUT /backups/${soft}/hold`]).toEqual({ held: false });
  await page
    .getByRole("row", { name: /legacy/ })
    .getByRole("button", { name: /^More for/ })
    .click();
  await shot(page, "menu");
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete a backup of legacy?" });
  await shot(page, "delete-backup");
  await dialog.getByRole("button", { name: "Delete the backup" }).click();
  await expect(dialog).toBeHidden();
  expect(Object.keys(given.asked)).toContain(`DELETE /backups/${MockBackups[3]?.id}`);
});

for (const [width, viewport] of Object.entries(screens)) {
  test(`a stale plan says so in words, and whom notices reach, ${width}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    const given = await open(page, "/backups", {
      session: { ...MockSession, role: "administrator" },
    });
    const row = page.getByRole("row", { name: /Web data, weekly/ });
    await expect(row.getByText("Stale")).toBeVisible();
    await expect(row.getByText("2 missed runs")).toBeVisible();
    const channels = page.getByRole("list", { name: "Where notices go" });
    await expect(channels.getByRole("listitem").first()).toContainText(
      /ops@example.org.*Delivered.*“Web data, weekly” has become stale/,
    );
    await expect(channels).toContainText("the webhook answers 503");
    await expect(channels).toContainText("Nothing sent yet");
    const send = page.getByRole("button", { name: "Send a test" });
    await send.focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("link", { name: "Follow it" })).toBeVisible();
    expect(Object.keys(given.asked)).toContain("POST /notices/test");
    await shot(page, `notices-${width}`);
    await page.getByRole("link", { name: "Web data, weekly" }).click();
    await expect(page.getByRole("alert").first()).toContainText(
      "There is no recent good backup of web-1",
    );
    await shot(page, `stale-${width}`);
  });
}

test("without channels the settings that turn notices on are named", async ({ page }) => {
  await open(page, "/backups", { channels: [] });
  const settings = page.getByRole("list", { name: "Settings that turn notices on" });
  await expect(settings).toContainText("notice-mail-to");
  await expect(settings).toContainText("notice-webhook-secret-file");
  await expect(page.getByRole("button", { name: "Send a test" })).toBeHidden();
  await shot(page, "notices-none");
});

test("only an administrator sends a test", async ({ page }) => {
  const given = await open(page, "/backups", { session: { ...MockSession, role: "operator" } });
  const send = page.getByRole("button", { name: "Send a test" });
  await expect(send).toHaveAttribute("aria-disabled", "true");
  await send.focus();
  await expect(page.getByRole("tooltip")).toContainText("administrator");
  await page.keyboard.press("Enter");
  expect(Object.keys(given.asked)).not.toContain("POST /notices/test");
});
