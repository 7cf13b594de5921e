import { expect, test } from "@playwright/test";
import type { App, Instance, Stack, Task } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { apiGet, runTask, signIn } from "./helpers.ts";

/** The simulated cloud, which can run the enrollment command on one of its servers. */
const sandbox = process.env.MCM_SANDBOX_URL ?? "http://127.0.0.1:8090";
const name = "web-2";

const getInstance = async (page: Parameters<typeof apiGet>[0]) => {
  const { items } = await apiGet<{ items: Instance[] }>(page, "/instances?page_size=500");
  return items.find((i) => i.name === name);
};

test("server is enrolled by command, gets an agent and is unenrolled", async ({ page }) => {
  test.setTimeout(600_000);
  await signIn(page, "demo");
  const deployed = (await apiGet<Stack>(page, "/stack")).state === "absent";
  await test.step("deploy the stack and launch an app", async () => {
    if (deployed) {
      await page.goto("/stack");
      await page.getByRole("radio", { name: /Small/ }).check();
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Deploy", exact: true }).click();
    }
    await expect
      .poll(async () => (await apiGet<Stack>(page, "/stack")).state, { timeout: 300_000 })
      .toBe("ready");
    await page.goto("/apps");
    if ((await apiGet<App>(page, "/apps/ntp")).health !== "Healthy") {
      const tile = page.getByRole("article").filter({ has: page.locator("#app-ntp") });
      await tile.getByRole("button", { name: /Launch/ }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Launch", exact: true }).click();
    }
    await expect
      .poll(async () => (await apiGet<App>(page, "/apps/ntp")).health, { timeout: 180_000 })
      .toBe("Healthy");
  });

  await page.goto("/instances?q=web");
  const row = page.getByRole("row", { name: new RegExp(name) });
  test.skip((await getInstance(page))?.enrolled === true, "the server is already enrolled");
  await expect(row).toContainText("Not enrolled");
  await page.getByRole("button", { name: "Enroll", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Enroll instances" });
  await dialog.getByRole("button", { name: "Create token" }).click();
  const command = await dialog.getByRole("region", { name: "Command" }).textContent();
  await expectAccessible(page);
  const token = command?.match(/mcm_enr_[\w-]+/)?.[0];
  const url = command?.match(/https?:\/\/[^/]+/)?.[0];
  const ran = await page.request.post(`${sandbox}/_control/enroll`, {
    data: { server: name, url, token },
    timeout: 240_000,
  });
  expect(ran.ok(), await ran.text()).toBe(true);
  await expect(dialog.getByRole("list", { name: "Tokens" })).toContainText("Used up");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(row).not.toContainText("Not enrolled", { timeout: 60_000 });

  const title = (await apiGet<App>(page, "/apps/ntp")).title;
  const logo = row.getByRole("button", { name: `Install ${title} on ${name}` });
  await expect(logo).not.toHaveAttribute("aria-disabled", "true", { timeout: 60_000 });
  await logo.click();
  const installed = row.getByRole("button", { name: `${title} on ${name}: Installed` });
  await expect(installed).toBeVisible({ timeout: 120_000 });
  // Wait until notifications are closed: fading ones fail the contrast check.
  await expect(page.locator(".mantine-Notification-root")).toHaveCount(0, { timeout: 30_000 });
  await expectAccessible(page);

  await test.step("read the playbook output in the log", async () => {
    const id = (await getInstance(page))?.id;
    const { items } = await apiGet<{ items: Task[] }>(page, `/tasks?target=instance:${id}`);
    const install = items.find((task) => task.operation === "agent.install");
    await page.goto(`/tasks/${encodeURIComponent(install?.id ?? "")}`);
    const log = page.getByRole("log");
    await expect(log.getByText("the task starts")).toBeVisible();
    await log.press("End");
    await expect(log.getByText("the task has succeeded")).toBeInViewport();
    const search = page.getByRole("searchbox", { name: "Search the log" });
    await search.fill("simulated host");
    await search.press("Enter");
    await expect(log.locator("[aria-current]")).toContainText(`${name} ·`);
    await expect(page.getByRole("button", { name: "No errors" })).toBeDisabled();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download" }).click(),
    ]);
    const text = await file.createReadStream().then((stream) => stream.toArray());
    expect(text.join("")).toMatch(
      /info +RunAgentPlaybook +web-2: .+: stdout: ntp on a simulated host/,
    );
    await expectAccessible(page);
    await page.goto("/instances?q=web");
  });

  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("button", { name: "Unenroll" }).click();
  const question = page.getByRole("dialog", { name: `Unenroll ${name}?` });
  await question.getByRole("button", { name: "Unenroll" }).click();
  await expect
    .poll(async () => (await getInstance(page))?.enrolled, { timeout: 120_000 })
    .toBe(false);

  // Other journeys expect that there is no stack.
  if (deployed) {
    await runTask(page, "POST", "/apps/ntp/uninstall", { delete_volume: true, confirm: "ntp" });
    const { name: stack } = await apiGet<Stack>(page, "/stack");
    await runTask(page, "DELETE", `/stack?confirm=${stack}`);
  }
});
