import { expect, test } from "@playwright/test";
import type { Backup, BackupPlan, Instance, Task } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { apiGet, signIn } from "./helpers.ts";

// Not enrolled: the restore then needs no SSH access and thus no stack.
const name = "web-2";
const plan = `journey ${Date.now()}`;

test("snapshot plan is created, run and restored from", async ({ page }) => {
  test.setTimeout(600_000);
  await signIn(page, "demo");
  const { items } = await apiGet<{ items: Instance[] }>(page, "/instances?page_size=500");
  const instance = items.find((i) => i.name === name);

  await test.step("create the plan in the wizard", async () => {
    await page.getByRole("link", { name: "Backups", exact: true }).click();
    await page.getByRole("button", { name: "New backup plan" }).first().click();
    await page.getByRole("textbox", { name: "Plan name" }).fill(plan);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("checkbox", { name, exact: true }).check();
    await page.getByRole("button", { name: "Next" }).click();
    await expect(page.getByRole("radio", { name: /Snapshot/ })).toBeChecked();
    await page.getByRole("combobox", { name: "Frequency" }).click();
    await page.getByRole("option", { name: "Monthly" }).click();
    await page.getByRole("textbox", { name: "Day of the month" }).fill("31");
    const next = page.getByRole("table", { name: "Next runs" });
    await expect(next.getByRole("row")).toHaveCount(11);
    await expect(next).toContainText("This month has no such day");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Finish" }).click();
    await expect(page.getByRole("heading", { name: plan, level: 1 })).toBeVisible();
    await expect(page.getByText("Never run").first()).toBeVisible();
  });

  await test.step("run the plan and list its backup", async () => {
    await page.getByRole("button", { name: `Run ${plan} now` }).click();
    const runs = page.getByRole("list", { name: "Runs" });
    await expect(runs).toContainText("Succeeded", { timeout: 240_000 });
    await expect(page.getByRole("table", { name: "All backups" })).toContainText("Cold", {
      timeout: 30_000,
    });
    await expect(page.getByRole("list", { name: "Retention preview" })).toContainText(
      "Kept: one of the last",
      { timeout: 30_000 },
    );
  });

  await test.step("restore the instance from the Instances page", async () => {
    await page.goto(`/instances?q=${name}`);
    await page.getByRole("button", { name: `Restore ${name}` }).click();
    const dialog = page.getByRole("dialog", { name: `Restore ${name}` });
    await expect(dialog).toContainText("A safety snapshot");
    await expectAccessible(page);
    await dialog.getByRole("textbox", { name: `Type ${name} to confirm` }).fill(name);
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    await expect(page).toHaveURL(/\/tasks\//);
    const id = decodeURIComponent(page.url().split("/").pop() ?? "");
    const status = async () =>
      (await apiGet<Task>(page, `/tasks/${encodeURIComponent(id)}`)).status;
    await expect.poll(status, { timeout: 120_000 }).toBe("succeeded");
    await expect(page.getByText("Succeeded").first()).toBeVisible();
  });

  await test.step("list the safety snapshot as a restore point, then delete the plan but keep its backups", async () => {
    const points = await apiGet<{ items: Backup[] }>(
      page,
      `/instances/${instance?.id}/restore-points`,
    );
    expect(points.items.some((b) => b.pre_restore)).toBe(true);
    expect(points.items.some((b) => b.plan_name === plan)).toBe(true);
    await page.goto("/backups");
    await page.getByRole("button", { name: `More actions for ${plan}` }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete plan" }).click();
    await expect(page.getByRole("link", { name: plan })).toBeHidden();
    const { items: plans } = await apiGet<{ items: BackupPlan[] }>(page, "/backup-plans");
    expect(plans.some((p) => p.name === plan)).toBe(false);
  });
});
