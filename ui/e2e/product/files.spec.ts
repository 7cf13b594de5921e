import { expect, type Page, test } from "@playwright/test";
import type { Backup, Instance, Stack, Task } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { apiGet, deletePlan, runTask, signIn } from "./helpers.ts";

/** Enrolled in the sandbox from the start: file backups need SSH access through the stack. */
const name = "web-1";
const stamp = Date.now();
const plan = `files ${stamp}`;
const chain = `chain ${stamp}`;
/** Restore target that is unique to this run. */
const target = `/back/${stamp}`;
/** Files that the simulated server has from the start. */
const wanted = ["/data/orders/2026/report-20", "/data/médias/été-32"] as const;

/** File backup from plan to restore, followed by a duplicity backup of the restored files. */
test.describe
  .serial("file backup", () => {
    let page: Page;
    let deployed = false;

    test.beforeAll(async ({ browser }) => {
      test.setTimeout(400_000);
      page = await (await browser.newContext()).newPage();
      await signIn(page, "demo");
      const { state } = await apiGet<Stack>(page, "/stack");
      deployed = state === "absent";
      if (deployed) await runTask(page, "POST", "/stack", { name: "files", preset: "small" });
      await expect
        .poll(async () => (await apiGet<Stack>(page, "/stack")).state, { timeout: 180_000 })
        .toBe("ready");
    });

    // Also after a failure: other journeys expect that there is no stack.
    test.afterAll(async () => {
      test.setTimeout(240_000);
      if (deployed) {
        const { name: stack } = await apiGet<Stack>(page, "/stack");
        await runTask(page, "DELETE", `/stack?confirm=${stack}`);
      }
      await page.context().close();
    });

    test("connect the server to the stack", async () => {
      await page.goto(`/instances?q=${name}`);
      await page.getByRole("link", { name, exact: true }).click();
      const drawer = page.getByRole("dialog");
      await drawer.getByRole("button", { name: "Connect to the stack" }).click();
      await page
        .locator(".mantine-Notification-root")
        .getByRole("link", { name: "View task" })
        .click();
      await expectSucceeded(page, 60_000);
      await expect(page.getByRole("list", { name: "Steps" })).toContainText("Done");
    });

    test("create a file backup plan in the wizard", async () => {
      await openFileBackupStep(page, plan);
      await page.getByRole("textbox", { name: "Exclude patterns" }).fill("image-*");
      await page.getByRole("textbox", { name: "Pre-backup command" }).fill("echo dumped");
      await page.getByRole("combobox", { name: "Frequency" }).click();
      await page.getByRole("option", { name: "Monthly" }).click();
      await page.getByRole("textbox", { name: "Day of the month" }).fill("31");
      await expect(page.getByRole("table", { name: "Next runs" }).getByRole("row")).toHaveCount(11);
      await expectAccessible(page);
      await finish(page, plan);
      await expect(page.getByText(/^File backup on day 31 of every month/)).toBeVisible();
      await expect(page.getByText("/data /config", { exact: true })).toBeVisible();
      await expect(page.getByText("restic", { exact: true })).toBeVisible();
    });

    test("run the plan, list its backup and read its log", async () => {
      await runNow(page, plan);
      const row = await onlyBackupRow(page);
      await expect(row).toContainText("Soft");
      await expect(row).toContainText("File-level");
      await expect(row).toContainText(/1\.\d MB.* new/);
      await expect(row).toContainText("Not verified");
      await expect(page.getByRole("list", { name: "Retention preview" })).toContainText(
        "Kept: one of the last",
      );
      await expectAccessible(page);
      await page.getByRole("list", { name: "Runs" }).getByRole("link").click();
      const log = page.getByRole("log");
      for (const text of [/restic \d/, "dumped", "new in the storage"]) {
        await expect(log.getByText(text).first()).toBeVisible();
      }
      await expectAccessible(page);
      await page.goBack();
    });

    test("verify the backup and run a restore test", async () => {
      const row = await onlyBackupRow(page);
      await row.getByRole("button", { name: /^More actions for/ }).click();
      await page.getByRole("menuitem", { name: "Verify" }).click();
      await expect(row.getByText("Verified", { exact: true })).toBeVisible({ timeout: 60_000 });
      await expect(row).not.toContainText("Restore tested");
      await row.getByRole("button", { name: /^More actions for/ }).click();
      await expectAccessible(page);
      await page.getByRole("menuitem", { name: "Restore test" }).click();
      await expect(row).toContainText("Restore tested", { timeout: 60_000 });
      await expect(row.getByText("Verified", { exact: true })).toBeVisible();
    });

    test("search two files and restore them from the Instances page", async () => {
      await page.goto(`/instances?q=${name}`);
      await page.getByRole("button", { name: `Restore ${name}` }).click();
      const dialog = page.getByRole("dialog", { name: `Restore ${name}` });
      await dialog.getByRole("radio", { name: plan }).check();
      await expect(dialog.getByRole("radio", { name: plan })).toContainText("Restore tested");
      await expect(
        dialog.getByText("Nothing selected: the whole backup is restored."),
      ).toBeVisible();

      for (const folder of ["data", "orders", "2026"]) {
        await dialog.getByRole("button", { name: folder, exact: true }).click();
      }
      await dialog.getByRole("checkbox", { name: "Restore report-20" }).check();
      await expect(dialog.getByRole("checkbox", { name: "Restore backup list-23" })).toBeVisible();
      await expect(dialog.getByText("image-25")).toBeHidden(); // excluded by the plan
      const breadcrumbs = dialog.getByRole("navigation", { name: "Directory" });
      await breadcrumbs.getByRole("button", { name: "data", exact: true }).click();

      await dialog.getByRole("searchbox", { name: "Search by name" }).fill("no such");
      await expect(dialog.getByText("No matching files.")).toBeVisible();
      await dialog.getByRole("searchbox", { name: "Search by name" }).fill("ÉTÉ-3");
      const found = dialog.getByRole("group", { name: "Files to restore" }).getByRole("checkbox");
      await expect(found).toHaveCount(1);
      await dialog.getByRole("checkbox", { name: `Restore ${wanted[1]}` }).check();
      await expect(dialog.getByText("2 selected")).toBeVisible();
      await dialog.getByRole("textbox", { name: "Target directory" }).fill(target);
      await expectAccessible(page);
      await dialog.getByRole("button", { name: "Restore", exact: true }).click();

      await expect(page).toHaveURL(/\/tasks\//);
      await expectSucceeded(page, 60_000);
      await expect(page.getByText(new RegExp(`^2 files, .*MiB, are in ${target}$`))).toBeVisible();
      const id = page.url().split("/").pop() ?? "";
      const { result } = await apiGet<Task>(page, `/tasks/${id}`);
      expect(result).toMatchObject({ files: 2, target, checked: true });
      await expectAccessible(page);
    });

    test("back up the restored files with duplicity", async () => {
      await openFileBackupStep(page, chain);
      const directories = page.getByRole("combobox", { name: "Directories" });
      await directories.press("Backspace");
      await directories.press("Backspace");
      await directories.fill(target);
      await directories.press("Enter");
      await page.getByRole("combobox", { name: "Engine" }).click();
      await page.getByRole("option", { name: "duplicity" }).click();
      await expectAccessible(page);
      await finish(page, chain);
      await expect(page.getByText("duplicity", { exact: true })).toBeVisible();
      await expect(page.getByText(target, { exact: true })).toBeVisible();
      await runNow(page, chain);

      const row = await onlyBackupRow(page);
      await expect(row).toContainText("Soft");
      await row.getByRole("button", { name: `Restore ${name}` }).click();
      const dialog = page.getByRole("dialog", { name: `Restore ${name}` });
      for (const path of wanted) {
        await dialog.getByRole("searchbox").fill(path.split("/").pop() ?? "");
        await expect(
          dialog.getByRole("checkbox", { name: `Restore ${target}${path}` }),
        ).toBeVisible();
      }
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await expect(dialog).toBeHidden();
    });

    test("delete the plans with their backups", async () => {
      const { items } = await apiGet<{ items: Instance[] }>(page, "/instances?page_size=500");
      const points = `/instances/${items.find((i) => i.name === name)?.id}/restore-points`;
      const planNames = async () =>
        (await apiGet<{ items: Backup[] }>(page, points)).items.map((b) => b.plan_name);
      expect(await planNames()).toEqual(expect.arrayContaining([plan, chain]));
      for (const one of [chain, plan]) {
        await page.goto("/backups");
        await deletePlan(page, one);
        await expect.poll(planNames, { timeout: 60_000 }).not.toContain(one);
      }
      await page.getByRole("tab", { name: "All backups" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Backups");
      await expect(page.locator("main")).not.toContainText(String(stamp));
    });
  });

/** Opens the wizard's last step with the file backup method and all its fields. */
async function openFileBackupStep(page: Page, title: string) {
  await page.goto("/backups");
  await page.getByRole("button", { name: "New backup plan" }).first().click();
  await page.getByRole("textbox", { name: "Plan name" }).fill(title);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("checkbox", { name, exact: true }).check();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("radio", { name: /Soft/ }).check();
  await page.getByRole("button", { name: "Advanced options" }).click();
}

async function finish(page: Page, title: string) {
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await expect(page.getByText("Never run").first()).toBeVisible();
}

async function runNow(page: Page, title: string) {
  await page.getByRole("button", { name: `Run ${title} now` }).click();
  const runs = page.getByRole("list", { name: "Runs" });
  await expect(runs).toContainText("Succeeded", { timeout: 120_000 });
  await expect(runs.getByRole("listitem")).toHaveCount(1);
  await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("OK");
}

/** Returns the row of the only backup of the plan on the page. */
async function onlyBackupRow(page: Page) {
  const rows = page.getByRole("table", { name: "All backups" }).getByRole("row");
  await expect(rows).toHaveCount(2, { timeout: 30_000 });
  return rows.last();
}

/** Expects that the task on the page has succeeded. */
async function expectSucceeded(page: Page, timeout: number) {
  const heading = page.getByRole("heading", { level: 1 }).locator("..");
  await expect(heading).toContainText("Succeeded", { timeout });
}
