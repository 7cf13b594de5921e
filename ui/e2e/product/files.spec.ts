import { expect, type Page, test } from "@playwright/test";
import type { Backup, Instance, Stack, Task } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { deletePlan, read, signIn, work } from "./person.ts";

/** Enrolled from the start: the manager signs in there to copy files, by way of the stack. */
const name = "web-1";
const stamp = Date.now();
const plan = `files ${stamp}`;
const chain = `chain ${stamp}`;
/** No other run has put files there. */
const back = `/back/${stamp}`;
/** What the simulated server has from the start. */
const wanted = ["/data/orders/2026/report-20", "/data/médias/été-32"] as const;

/** The files of a server, from a plan to what is brought back, and what is brought back saved in turn. */
test.describe
  .serial("files of a server", () => {
    let page: Page;
    let ours = false;

    test.beforeAll(async ({ browser }) => {
      test.setTimeout(400_000);
      page = await (await browser.newContext()).newPage();
      await signIn(page, "demo");
      const { state } = await read<Stack>(page, "/stack");
      ours = state === "absent";
      if (ours) await work(page, "POST", "/stack", { name: "files", preset: "small" });
      await expect
        .poll(async () => (await read<Stack>(page, "/stack")).state, { timeout: 180_000 })
        .toBe("ready");
    });

    // Also after a failure: other journeys begin where there is no stack.
    test.afterAll(async () => {
      test.setTimeout(240_000);
      if (ours) {
        const { name: stack } = await read<Stack>(page, "/stack");
        await work(page, "DELETE", `/stack?confirm=${stack}`);
      }
      await page.context().close();
    });

    test("the server is connected to the stack from its drawer", async () => {
      await page.goto(`/instances?q=${name}`);
      await page.getByRole("link", { name, exact: true }).click();
      const drawer = page.getByRole("dialog");
      await drawer.getByRole("button", { name: "Connect to the stack" }).click();
      await page.getByRole("link", { name: "Follow it" }).click();
      await expectSucceeded(page, 60_000);
      await expect(page.getByRole("list", { name: "Steps" })).toContainText("Done");
    });

    test("a plan for its files is made in the wizard", async () => {
      await toMethod(page, plan);
      await page.getByRole("textbox", { name: "Excludes" }).fill("image-*");
      await page.getByRole("textbox", { name: "Command before" }).fill("echo dumped");
      await page.getByRole("combobox", { name: "How often" }).click();
      await page.getByRole("option", { name: "Monthly" }).click();
      await page.getByRole("textbox", { name: "Day of the month" }).fill("31");
      await expect(page.getByRole("table", { name: "Next runs" }).getByRole("row")).toHaveCount(11);
      await expectAccessible(page);
      await finish(page, plan);
      await expect(page.getByText(/^A soft backup every month on day 31/)).toBeVisible();
      await expect(page.getByText("/data /config", { exact: true })).toBeVisible();
      await expect(page.getByText("restic", { exact: true })).toBeVisible();
    });

    test("it runs now; its backup is listed, and its log tells of the engine", async () => {
      await run(page, plan);
      const row = await theBackup(page);
      await expect(row).toContainText("Soft");
      await expect(row).toContainText("Each file for itself");
      await expect(row).toContainText(/1\.\d MB.* new/);
      await expect(row).toContainText("Not verified");
      await expect(page.getByRole("list", { name: "What is kept, and why" })).toContainText(
        "Kept: among the last",
      );
      await expectAccessible(page);
      await page.getByRole("list", { name: "Runs" }).getByRole("link").click();
      const log = page.getByRole("log");
      for (const said of [/restic \d/, "dumped", "new in the storage"]) {
        await expect(log.getByText(said).first()).toBeVisible();
      }
      await expectAccessible(page);
      await page.goBack();
    });

    test("it is verified, and proven by a restore drill", async () => {
      const row = await theBackup(page);
      await row.getByRole("button", { name: /^More for/ }).click();
      await page.getByRole("menuitem", { name: "Verify" }).click();
      await expect(row.getByText("Verified", { exact: true })).toBeVisible({ timeout: 60_000 });
      await expect(row).not.toContainText("Proven restorable");
      await row.getByRole("button", { name: /^More for/ }).click();
      await expectAccessible(page);
      await page.getByRole("menuitem", { name: "Restore drill" }).click();
      await expect(row).toContainText("Proven restorable", { timeout: 60_000 });
      await expect(row.getByText("Verified", { exact: true })).toBeVisible();
    });

    test("two of its files are found and brought back, from the Instances page", async () => {
      await page.goto(`/instances?q=${name}`);
      await page.getByRole("button", { name: `Restore ${name}` }).click();
      const dialog = page.getByRole("dialog", { name: `Restore ${name}` });
      await dialog.getByRole("radio", { name: plan }).check();
      await expect(dialog.getByRole("radio", { name: plan })).toContainText("Proven restorable");
      await expect(dialog.getByText("Nothing ticked: everything is restored.")).toBeVisible();

      for (const folder of ["data", "orders", "2026"]) {
        await dialog.getByRole("button", { name: folder, exact: true }).click();
      }
      await dialog.getByRole("checkbox", { name: "Restore report-20" }).check();
      await expect(dialog.getByRole("checkbox", { name: "Restore backup list-23" })).toBeVisible();
      await expect(dialog.getByText("image-25")).toBeHidden(); // left out by the plan
      const way = dialog.getByRole("navigation", { name: "Directory" });
      await way.getByRole("button", { name: "data", exact: true }).click();

      await dialog.getByRole("searchbox", { name: "Search by name" }).fill("no such");
      await expect(dialog.getByText("No file is named so.")).toBeVisible();
      await dialog.getByRole("searchbox", { name: "Search by name" }).fill("ÉTÉ-3");
      const found = dialog.getByRole("group", { name: "Files to restore" }).getByRole("checkbox");
      await expect(found).toHaveCount(1);
      await dialog.getByRole("checkbox", { name: `Restore ${wanted[1]}` }).check();
      await expect(dialog.getByText("2 chosen")).toBeVisible();
      await dialog.getByRole("textbox", { name: "Into the directory" }).fill(back);
      await expectAccessible(page);
      await dialog.getByRole("button", { name: "Restore", exact: true }).click();

      await expect(page).toHaveURL(/\/tasks\//);
      await expectSucceeded(page, 60_000);
      await expect(page.getByText(new RegExp(`^2 files, .*MiB, are in ${back}$`))).toBeVisible();
      const id = page.url().split("/").pop() ?? "";
      const { result } = await read<Task>(page, `/tasks/${id}`);
      expect(result).toMatchObject({ files: 2, target: back, checked: true });
      await expectAccessible(page);
    });

    test("a plan with duplicity saves what was brought back", async () => {
      await toMethod(page, chain);
      const directories = page.getByRole("combobox", { name: "Directories" });
      await directories.press("Backspace");
      await directories.press("Backspace");
      await directories.fill(back);
      await directories.press("Enter");
      await page.getByRole("combobox", { name: "Engine" }).click();
      await page.getByRole("option", { name: "duplicity" }).click();
      await expectAccessible(page);
      await finish(page, chain);
      await expect(page.getByText("duplicity", { exact: true })).toBeVisible();
      await expect(page.getByText(back, { exact: true })).toBeVisible();
      await run(page, chain);

      const row = await theBackup(page);
      await expect(row).toContainText("Soft");
      await row.getByRole("button", { name: `Restore ${name}` }).click();
      const dialog = page.getByRole("dialog", { name: `Restore ${name}` });
      for (const path of wanted) {
        await dialog.getByRole("searchbox").fill(path.split("/").pop() ?? "");
        await expect(
          dialog.getByRole("checkbox", { name: `Restore ${back}${path}` }),
        ).toBeVisible();
      }
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await expect(dialog).toBeHidden();
    });

    test("the plans go, and their backups with them", async () => {
      const { items } = await read<{ items: Instance[] }>(page, "/instances?page_size=500");
      const points = `/instances/${items.find((i) => i.name === name)?.id}/restore-points`;
      const of = async () =>
        (await read<{ items: Backup[] }>(page, points)).items.map((b) => b.plan_name);
      expect(await of()).toEqual(expect.arrayContaining([plan, chain]));
      for (const one of [chain, plan]) {
        await page.goto("/backups");
        await deletePlan(page, one);
        await expect.poll(of, { timeout: 60_000 }).not.toContain(one);
      }
      await page.getByRole("tab", { name: "All backups" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Backups");
      await expect(page.locator("main")).not.toContainText(String(stamp));
    });
  });

/** Through the wizard to its last step, where soft is chosen and all its fields shown. */
async function toMethod(page: Page, title: string) {
  await page.goto("/backups");
  await page.getByRole("button", { name: "New backup plan" }).first().click();
  await page.getByRole("textbox", { name: "Backup name" }).fill(title);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("checkbox", { name, exact: true }).check();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("radio", { name: /Soft/ }).check();
  await page.getByRole("button", { name: "More", exact: true }).click();
}

async function finish(page: Page, title: string) {
  await page.getByRole("button", { name: "Finish" }).click();
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await expect(page.getByText("Never ran").first()).toBeVisible();
}

async function run(page: Page, title: string) {
  await page.getByRole("button", { name: `Run ${title} now` }).click();
  const runs = page.getByRole("list", { name: "Runs" });
  await expect(runs).toContainText("Succeeded", { timeout: 120_000 });
  await expect(runs.getByRole("listitem")).toHaveCount(1);
  await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("OK");
}

/** The row of the one backup that the plan on the page has made. */
async function theBackup(page: Page) {
  const rows = page.getByRole("table", { name: "All backups" }).getByRole("row");
  await expect(rows).toHaveCount(2, { timeout: 30_000 });
  return rows.last();
}

/** The task on the page has ended well, in its own words. */
async function expectSucceeded(page: Page, timeout: number) {
  const heading = page.getByRole("heading", { level: 1 }).locator("..");
  await expect(heading).toContainText("Succeeded", { timeout });
}
