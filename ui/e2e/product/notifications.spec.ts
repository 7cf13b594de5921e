import { type APIRequestContext, expect, type Locator, type Page, test } from "@playwright/test";
import type { BackupPlan, Instance, NotificationChannel } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { apiGet, apiSend, deletePlan, signIn } from "./helpers.ts";
import { WebhookReceiver } from "./webhookReceiver.ts";

const control = process.env.MCM_SANDBOX_URL;
const port = Number(process.env.MCM_E2E_HOOK_PORT);
const secret = process.env.MCM_E2E_HOOK_SECRET_FILE;
const name = "web-2";
const plan = `notify ${Date.now()}`;
const fault = "Policy doesn't allow os_compute_api:servers:stop to be performed";

let receiver: WebhookReceiver;

test.skip(
  !port || !secret,
  "MCM_E2E_HOOK_PORT and MCM_E2E_HOOK_SECRET_FILE do not name a webhook receiver",
);

test.beforeAll(async () => {
  receiver = new WebhookReceiver(secret ?? "");
  await receiver.listen(port);
});
test.afterAll(async ({ request }) => {
  await receiver?.close();
  // Remove an unused injected fault, or it would hit another journey.
  if (control) await request.delete(`${control}/_control/faults`);
});

const channels = (page: Page) => page.getByRole("list", { name: "Notification channels" });
const sendTest = (page: Page) => page.getByRole("button", { name: "Send test notification" });
const calls = (type: string) => receiver.calls.filter((call) => call.type === type);
/** Calls about this test's plan; others may have failed before. */
const planCalls = (type: string) => calls(type).filter((call) => call.data.plan?.name === plan);

async function openBackups(page: Page): Promise<Locator> {
  await page.getByRole("link", { name: "Backups", exact: true }).click();
  const webhook = channels(page).getByRole("listitem");
  await expect(webhook).toHaveCount(1);
  await expect(webhook).toContainText("Webhook");
  await expect(webhook).toContainText(`http://127.0.0.1:${port}/notifications`);
  return webhook;
}

test("administrator sees the channels and sends a test notification", async ({ page }) => {
  await signIn(page, "admin");
  const webhook = await openBackups(page);
  const { channels: before } = await apiGet<{ channels: NotificationChannel[] }>(
    page,
    "/notifications",
  );
  if (!before[0]?.last) await expect(webhook).toContainText("Nothing sent yet");
  // The page must not reveal the credentials of the webhook URL.
  expect(JSON.stringify(before)).not.toMatch(/hunter\d/);
  await expect(page.locator("body")).not.toContainText(/hunter\d/);
  await expectAccessible(page);

  await test.step("a failed delivery is shown", async () => {
    receiver.status = 503;
    await sendTest(page).click();
    await expect(webhook).toContainText("Delivery failed", { timeout: 30_000 });
    await expect(webhook).toContainText("the webhook responds 503");
    await expectAccessible(page);
    expect(calls("notification.test")).toHaveLength(0);
  });

  await test.step("a delivery is signed and shown", async () => {
    receiver.status = 204;
    await sendTest(page).click();
    await expect.poll(() => calls("notification.test")).toHaveLength(1);
    await expect(webhook).toContainText(/Delivered\s*Test notification/, { timeout: 30_000 });
    await expect(webhook).not.toContainText("the webhook responds");
    expect(receiver.forged).toEqual([]);
    await expect(page.locator(".mantine-Notification-root")).toHaveCount(0, { timeout: 30_000 });
    await expectAccessible(page);
  });
});

test("member sees the channels but cannot send a test notification", async ({ page }) => {
  await signIn(page, "demo");
  await openBackups(page);
  await expect(sendTest(page)).toHaveAttribute("aria-disabled", "true");
  await sendTest(page).hover();
  await expect(page.getByRole("tooltip")).toContainText("this requires the administrator role");
  await expectAccessible(page);
  const before = receiver.calls.length;
  const requests: string[] = [];
  page.on("request", (request) => requests.push(`${request.method()} ${request.url()}`));
  await sendTest(page).click({ force: true });
  await sendTest(page).press("Enter");
  await page.waitForTimeout(500);
  expect(requests.filter((request) => request.startsWith("POST"))).toEqual([]);
  expect(receiver.calls).toHaveLength(before);
});

/** Creates a snapshot plan that is not due during the test. */
async function createPlan(page: Page): Promise<{ instance: Instance; created: BackupPlan }> {
  const { items } = await apiGet<{ items: Instance[] }>(page, "/instances?page_size=500");
  const instance = items.find((i) => i.name === name);
  if (!instance) throw new Error(`instance ${name} does not exist`);
  const created = await apiSend<BackupPlan>(page, "POST", "/backup-plans", {
    name: plan,
    instances: [instance.id],
    method: "snapshot",
    schedule: { frequency: "monthly", day_of_month: 31, time: "04:00", time_zone: "Etc/UTC" },
    retention: {},
  });
  return { instance, created };
}

/** Injects a fault: Nova refuses the next request to stop the instance. */
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

test("failed run and recovery are notified", async ({ page, request }) => {
  test.skip(!control, "MCM_SANDBOX_URL does not name the simulated cloud");
  await signIn(page, "demo");
  const { instance, created } = await createPlan(page);
  const runs = page.getByRole("list", { name: "Runs" });
  const runNow = page.getByRole("button", { name: `Run ${plan} now` });

  await test.step("the notification names the instance, the reason and the task", async () => {
    await refuseStop(request, instance.id);
    await page.goto(`/backups/plans/${created.id}`);
    await runNow.click();
    await expect(runs).toContainText("Failed", { timeout: 60_000 });
    await expect(runs).toContainText(fault);
    await expect(page.getByText("Last run failed")).toBeVisible();
    await expectAccessible(page);
    await expect.poll(() => planCalls("backup.failed"), { timeout: 30_000 }).toHaveLength(1);
    const [call] = planCalls("backup.failed");
    expect(call?.text).toBe(`[MyCloudManager] Backup plan “${plan}” failed`);
    expect(call?.data.plan?.id).toBe(created.id);
    expect(call?.data.instances).toMatchObject([{ id: instance.id, name }]);
    expect(call?.data.instances?.[0]?.reason).toContain(fault);
    const { origin, href } = new URL(call?.data.url ?? "");
    expect(origin).toBe(new URL(page.url()).origin);
    await page.goto(href);
    await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Failed");
    await expect(page.getByRole("alert")).toContainText(fault);
  });

  await test.step("the page shows the delivery", async () => {
    const webhook = await openBackups(page);
    await expect(webhook).toContainText(`“${plan}” failed`, { timeout: 40_000 });
    await expect(webhook).toContainText("Delivered");
    await expectAccessible(page);
  });

  await test.step("the recovery is notified", async () => {
    await page.getByRole("link", { name: plan }).click();
    await runNow.click();
    await expect(runs).toContainText("Succeeded", { timeout: 120_000 });
    await expect(runs.getByRole("listitem")).toHaveCount(2);
    await expect.poll(() => planCalls("backup.recovered"), { timeout: 30_000 }).toHaveLength(1);
    const webhook = await openBackups(page);
    await expect(webhook).toContainText(`“${plan}” recovered`, { timeout: 40_000 });
    expect(planCalls("backup.failed")).toHaveLength(1);
    expect(receiver.forged).toEqual([]);
  });

  await test.step("delete the plan with its backup", async () => {
    await deletePlan(page, plan);
    const remaining = () => apiGet<{ items: unknown[] }>(page, `/backups?plan=${created.id}`);
    await expect.poll(async () => (await remaining()).items, { timeout: 60_000 }).toEqual([]);
  });
});
