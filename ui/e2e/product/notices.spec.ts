import { type APIRequestContext, expect, type Locator, type Page, test } from "@playwright/test";
import type { BackupPlan, Instance, NoticeChannel } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { deletePlan, read, send, signIn } from "./person.ts";
import { Receiver } from "./receiver.ts";

const control = process.env.MCM_SANDBOX_URL;
const port = Number(process.env.MCM_E2E_HOOK_PORT);
const secret = process.env.MCM_E2E_HOOK_SECRET_FILE;
const name = "web-2";
const plan = `told ${Date.now()}`;
const fault = "Policy doesn't allow os_compute_api:servers:stop to be performed";

let receiver: Receiver;

test.skip(
  !port || !secret,
  "MCM_E2E_HOOK_PORT and MCM_E2E_HOOK_SECRET_FILE name no receiver of notices",
);

test.beforeAll(async () => {
  receiver = new Receiver(secret ?? "");
  await receiver.listen(port);
});
test.afterAll(async ({ request }) => {
  await receiver?.close();
  // A fault that nobody ran into would hit another journey.
  if (control) await request.delete(`${control}/_control/faults`);
});

const channels = (page: Page) => page.getByRole("list", { name: "Where notices go" });
const sendTest = (page: Page) => page.getByRole("button", { name: "Send a test" });
const calls = (type: string) => receiver.calls.filter((call) => call.type === type);
/** What the receiver was told of our plan: others may have failed before. */
const told = (type: string) => calls(type).filter((call) => call.data.plan?.name === plan);

async function openBackups(page: Page): Promise<Locator> {
  await page.getByRole("link", { name: "Backups", exact: true }).click();
  const webhook = channels(page).getByRole("listitem");
  await expect(webhook).toHaveCount(1);
  await expect(webhook).toContainText("Webhook");
  await expect(webhook).toContainText(`http://127.0.0.1:${port}/notices`);
  return webhook;
}

test("an administrator sees where notices go and sends a test", async ({ page }) => {
  await signIn(page, "admin");
  const webhook = await openBackups(page);
  const { channels: before } = await read<{ channels: NoticeChannel[] }>(page, "/notices");
  if (!before[0]?.last) await expect(webhook).toContainText("Nothing sent yet");
  // Whoever may see the page must not learn how to call the receiver.
  expect(JSON.stringify(before)).not.toMatch(/hunter\d/);
  await expect(page.locator("body")).not.toContainText(/hunter\d/);
  await expectAccessible(page);

  await test.step("a receiver that refuses is told of", async () => {
    receiver.answer = 503;
    await sendTest(page).click();
    await expect(webhook).toContainText("Not delivered", { timeout: 30_000 });
    await expect(webhook).toContainText("the webhook answers 503");
    await expectAccessible(page);
    expect(calls("notice.test")).toHaveLength(0);
  });

  await test.step("one that takes it has it, signed, and the page says so", async () => {
    receiver.answer = 204;
    await sendTest(page).click();
    await expect.poll(() => calls("notice.test")).toHaveLength(1);
    await expect(webhook).toContainText(/Delivered\s*A test/, { timeout: 30_000 });
    await expect(webhook).not.toContainText("the webhook answers");
    expect(receiver.forged).toEqual([]);
    await expect(page.locator(".mantine-Notification-root")).toHaveCount(0, { timeout: 30_000 });
    await expectAccessible(page);
  });
});

test("a member sees the channels and is told why no test can be sent", async ({ page }) => {
  await signIn(page, "demo");
  await openBackups(page);
  await expect(sendTest(page)).toHaveAttribute("aria-disabled", "true");
  await sendTest(page).hover();
  await expect(page.getByRole("tooltip")).toContainText("this needs the role administrator");
  await expectAccessible(page);
  const before = receiver.calls.length;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
  await sendTest(page).click({ force: true });
  await sendTest(page).press("Enter");
  await page.waitForTimeout(500);
  expect(asked.filter((request) => request.startsWith("POST"))).toEqual([]);
  expect(receiver.calls).toHaveLength(before);
});

/** A plan of a snapshot at a time that does not come while we look. */
async function makePlan(page: Page): Promise<{ instance: Instance; made: BackupPlan }> {
  const { items } = await read<{ items: Instance[] }>(page, "/instances?page_size=500");
  const instance = items.find((i) => i.name === name);
  if (!instance) throw new Error(`there is no ${name}`);
  const made = await send<BackupPlan>(page, "POST", "/backup-plans", {
    name: plan,
    instances: [instance.id],
    method: "snapshot",
    schedule: { frequency: "monthly", day_of_month: 31, time: "04:00", time_zone: "Etc/UTC" },
    retention: {},
  });
  return { instance, made };
}

/** The cloud refuses to stop the instance, once. */
async function refuseStop(request: APIRequestContext, instance: string) {
  const injected = await request.post(`${control}/_control/faults`, {
    data: {
      service: "nova",
      method: "POST",
      path_regex: `/servers/${instance}/action$`,
      kind: "status",
      status: 403,
      body: JSON.stringify({ forbidden: { code: 403, message: fault } }),
    },
  });
  expect(injected.ok(), await injected.text()).toBe(true);
}

test("a run that fails is told, and the one that succeeds again", async ({ page, request }) => {
  test.skip(!control, "MCM_SANDBOX_URL does not name the simulated cloud");
  await signIn(page, "demo");
  const { instance, made } = await makePlan(page);
  const runs = page.getByRole("list", { name: "Runs" });
  const runNow = page.getByRole("button", { name: `Run ${plan} now` });

  await test.step("the receiver hears which instance failed, why, and where to look", async () => {
    await refuseStop(request, instance.id);
    await page.goto(`/backups/plans/${made.id}`);
    await runNow.click();
    await expect(runs).toContainText("Failed", { timeout: 60_000 });
    await expect(runs).toContainText(fault);
    await expect(page.getByText("Last run failed")).toBeVisible();
    await expectAccessible(page);
    await expect.poll(() => told("backup.failed"), { timeout: 30_000 }).toHaveLength(1);
    const [call] = told("backup.failed");
    expect(call?.text).toBe(`[MyCloudManager] Backup plan “${plan}” failed`);
    expect(call?.data.plan?.id).toBe(made.id);
    expect(call?.data.instances).toMatchObject([{ id: instance.id, name }]);
    expect(call?.data.instances?.[0]?.reason).toContain(fault);
    const { origin, href } = new URL(call?.data.url ?? "");
    expect(origin).toBe(new URL(page.url()).origin);
    await page.goto(href);
    await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Failed");
    await expect(page.getByRole("alert")).toContainText(fault);
  });

  await test.step("the page says that it was told", async () => {
    const webhook = await openBackups(page);
    await expect(webhook).toContainText(`“${plan}” failed`, { timeout: 40_000 });
    await expect(webhook).toContainText("Delivered");
    await expectAccessible(page);
  });

  await test.step("so is the run that succeeds again", async () => {
    await page.getByRole("link", { name: plan }).click();
    await runNow.click();
    await expect(runs).toContainText("Succeeded", { timeout: 120_000 });
    await expect(runs.getByRole("listitem")).toHaveCount(2);
    await expect.poll(() => told("backup.recovered"), { timeout: 30_000 }).toHaveLength(1);
    const webhook = await openBackups(page);
    await expect(webhook).toContainText(`“${plan}” succeeds again`, { timeout: 40_000 });
    expect(told("backup.failed")).toHaveLength(1);
    expect(receiver.forged).toEqual([]);
  });

  await test.step("the plan goes with its backup", async () => {
    await deletePlan(page, plan);
    const left = () => read<{ items: unknown[] }>(page, `/backups?plan=${made.id}`);
    await expect.poll(async () => (await left()).items, { timeout: 60_000 }).toEqual([]);
  });
});
