import { expect, type Page, test } from "@playwright/test";
import { MockAbsent, MockTightPreflight } from "../../src/testing/fixtures.ts";
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
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/dialog-${name}.png` });
}

test("launch on a kept volume or a new one", async ({ page }) => {
  const given = await open(page, "/apps");
  await page.getByRole("button", { name: "Launch Repositories Hosting" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("radio", { name: /Volume kept from before, 20 GB/ })).toBeChecked();
  await shot(page, "launch");
  await dialog.getByRole("radio", { name: "A new, empty volume" }).check();
  await dialog.getByRole("textbox", { name: "Size of the volume (GB)" }).fill("30");
  await dialog.getByRole("button", { name: "Launch", exact: true }).click();
  await expect(dialog).toBeHidden();
  expect(given.asked["POST /apps/artifactory/launch"]).toEqual({
    version: "4.6.1",
    volume_size_gb: 30,
  });
  await expect(page.getByRole("link", { name: "Follow it" })).toBeVisible();
});

test("settings: faults at their fields, then a review, then saved", async ({ page }) => {
  const given = await open(page, "/apps?app=ntp&tab=parameters");
  const stratum = page.getByRole("textbox", { name: "Local stratum" });
  await stratum.fill("8");
  await page.getByRole("tab", { name: "Environment" }).click();
  await page.getByRole("textbox", { name: "Time zone" }).fill("");
  await page.getByRole("tab", { name: "Info" }).click();
  await page.getByRole("button", { name: "Review 2 changes" }).click();
  await expect(page.getByText("Fill this in.")).toBeVisible();
  await shot(page, "settings-fault");
  await page.getByRole("textbox", { name: "Time zone" }).fill("Europe/Paris");
  await page.getByLabel("Administrator’s password").first().fill("correct horse");
  await page.getByRole("button", { name: "Review 2 changes" }).click();
  const review = page.getByRole("dialog", { name: "Review the changes" });
  await expect(review).toContainText("Local stratum");
  await expect(review).not.toContainText("correct horse");
  await shot(page, "settings-review");
  await review.getByRole("button", { name: "Save" }).click();
  await expect(review).toBeHidden();
  expect(given.asked["PUT /apps/ntp/settings"]).toMatchObject({
    environment: { ADMIN_PASSWORD: "correct horse", TZ: "Europe/Paris" },
    parameters: { stratum: 8 },
  });
});

test("a lost race is told, and the current values are one click away", async ({ page }) => {
  const given = await open(page, "/apps?app=ntp&tab=parameters");
  given.broken["/apps/ntp/settings"] = { status: 412, code: "conflict" };
  await page.getByRole("textbox", { name: "Local stratum" }).fill("8");
  await page.getByRole("button", { name: "Review 1 change" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("Someone else changed this meanwhile");
  await page.getByRole("button", { name: "Load the current values" }).click();
  await expect(page.getByRole("textbox", { name: "Local stratum" })).toHaveValue("10");
});

test("uninstall deletes data only when the name is typed", async ({ page }) => {
  const given = await open(page, "/apps?app=ntp");
  await page.getByRole("button", { name: "Uninstall" }).click();
  const dialog = page.getByRole("dialog", { name: "Uninstall Time Server" });
  await dialog.getByRole("checkbox").check();
  const go = dialog.getByRole("button", { name: "Uninstall and delete the data" });
  await expect(go).toBeDisabled();
  await shot(page, "uninstall");
  await dialog.getByRole("textbox").fill("ntp");
  await go.click();
  await expect(dialog).toBeHidden();
  expect(given.asked["POST /apps/ntp/uninstall"]).toEqual({ delete_volume: true, confirm: "ntp" });
});

test("the wizard deploys a preset after its check", async ({ page }) => {
  const given = await open(page, "/stack", { stack: MockAbsent, tasks: [] });
  await page.getByRole("radio", { name: /Highly available/ }).check();
  await page.getByRole("button", { name: "Next" }).click();
  await shot(page, "wizard-place");
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("It fits")).toBeVisible();
  await shot(page, "wizard-check");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect
    .poll(() => given.asked["POST /stack"])
    .toEqual({
      name: "mycloudmanager",
      preset: "ha",
    });
});

test("what does not fit is not deployed", async ({ page }) => {
  await open(page, "/stack", { stack: MockAbsent, tasks: [], preflight: MockTightPreflight });
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("It does not fit", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Deploy", exact: true })).toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await shot(page, "wizard-tight");
});

test("a custom size asks for every choice", async ({ page }) => {
  await open(page, "/stack", { stack: MockAbsent, tasks: [] });
  await page.getByRole("radio", { name: /Custom/ }).check();
  await shot(page, "wizard-custom");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("Choose one.").first()).toBeVisible();
});

test("the stack is scaled and deleted by dialog", async ({ page }) => {
  const given = await open(page, "/stack?view=nodes");
  await page.getByRole("button", { name: "Change size" }).click();
  await page.getByRole("textbox", { name: "Nodes" }).fill("4");
  await shot(page, "stack-change");
  await page.getByRole("button", { name: "Change the stack" }).click();
  await expect.poll(() => given.asked["PATCH /stack"]).toEqual({ nodes: 4 });
  await page.getByRole("button", { name: "Delete stack" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete stack" });
  await expect(dialog.getByRole("button", { name: "Delete the stack" })).toBeDisabled();
  await dialog.getByRole("textbox").fill("mycloudmanager");
  await shot(page, "stack-delete");
  await dialog.getByRole("button", { name: "Delete the stack" }).click();
  await expect(dialog).toBeHidden();
});

test("a task is cancelled after a question", async ({ page }) => {
  const given = await open(page, `/tasks/${encodeURIComponent("stack:toolbox~0b10")}`);
  await page.getByRole("button", { name: "Cancel" }).click();
  await shot(page, "task-cancel");
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await expect
    .poll(() => Object.keys(given.asked))
    .toContain("POST /tasks/stack%3Atoolbox~0b10/cancel");
});

test("a session that ends leads to sign-in and back", async ({ page }) => {
  const given = await open(page, "/tasks?status=failed");
  given.session = null;
  // Clicked from within: the live stream may notice the end first and take the menu away.
  await page.evaluate(() => document.querySelector<HTMLElement>('a[href="/audit"]')?.click());
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await page.getByRole("button", { name: /demo \/ demo/ }).click();
  await expect(page).toHaveURL(/\/audit$/);
});

test("filters live in the address", async ({ page }) => {
  await open(page, "/tasks?status=failed");
  await expect(page.getByRole("combobox", { name: "Status" })).toHaveValue("Failed");
  await page.getByRole("textbox", { name: "On" }).fill("ntp");
  await expect(page).toHaveURL(/target=ntp/);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page).toHaveURL(/\/tasks$/);
  await expect(page.getByRole("textbox", { name: "On" })).toHaveValue("");
});

test("language and theme switch at once and stay", async ({ page }) => {
  await open(page, "/apps");
  await page.getByText("FR", { exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Applications");
  await page.getByTitle("Sombre").click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("the menu of a phone opens, leads on and closes", async ({ page }) => {
  await page.setViewportSize(screens.phone);
  await open(page, "/apps");
  await page.getByRole("button", { name: "Main menu" }).click();
  await shot(page, "phone-menu");
  await page.getByRole("navigation").getByRole("link", { name: "Tasks" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tasks");
  await expectNoSideScroll(page);
});

test("everything can be reached by keyboard", async ({ page }) => {
  await open(page, "/apps");
  // Before the tiles are there, Tab would lead past where they will be.
  await expect(
    page.getByRole("button", { name: "Settings of Repositories Hosting" }),
  ).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
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

test("a token is made, its command and cloud-config shown once, others revoked", async ({
  page,
}) => {
  const given = await open(page, "/instances");
  await page.getByRole("button", { name: "Enroll" }).click();
  const dialog = page.getByRole("dialog", { name: "Enroll instances" });
  await expect(dialog.getByText("3 of 5 uses left")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Label" }).fill("web servers");
  await dialog.getByRole("combobox", { name: "Good for" }).click();
  await page.getByRole("option", { name: "7 days" }).click();
  await expect(dialog.getByText("This token lives longer than a day")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Number of servers" }).fill("5");
  await dialog.getByRole("combobox", { name: "Agents to install at once" }).click();
  await page.getByRole("option", { name: "Time Server" }).click();
  await page.keyboard.press("Tab");
  await shot(page, "enroll");
  await dialog.getByRole("button", { name: "Make a token" }).click();
  await expect(dialog.getByRole("region", { name: "Command" })).toContainText("MCM_TOKEN=");
  expect(given.asked["POST /enrollment-tokens"]).toEqual({
    label: "web servers",
    ttl_seconds: 604_800,
    max_uses: 5,
    agents: ["ntp"],
  });
  await shot(page, "enroll-made");
  await dialog.getByRole("tab", { name: "Cloud-config" }).click();
  await expect(dialog.getByRole("region", { name: "Cloud-config" })).toContainText("#cloud-config");
  await shot(page, "enroll-cloud");
  await dialog.getByRole("button", { name: "Revoke web servers" }).click();
  await shot(page, "enroll-revoke");
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect.poll(() => Object.keys(given.asked)).toContain("DELETE /enrollment-tokens/k4ybq2");
});

test("an agent is installed by its logo, checked and removed by its menu", async ({ page }) => {
  const given = await open(page, "/instances");
  const [build, , web] = given.instances;
  if (build) build.task = undefined;
  await page.reload();
  await page.getByRole("button", { name: "Monitoring on web-1: Changed on the instance" }).click();
  await shot(page, "agent-menu");
  await page.getByRole("menuitem", { name: "Install again" }).click();
  await expect
    .poll(() => Object.keys(given.asked))
    .toContain(`PUT /instances/${web?.id}/agents/zabbix`);
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.getByRole("button", { name: "Time Server on web-1: Installed" }).click();
  await page.getByRole("menuitem", { name: "Check" }).click();
  await expect
    .poll(() => given.asked["POST /agents:batch"])
    .toEqual({ action: "check", apps: ["ntp"], instances: [web?.id] });
  await expect(page.getByRole("menu")).toHaveCount(0);
  await page.getByRole("button", { name: "Time Server on web-1: Installed" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove the agent of Time Server?" });
  await shot(page, "agent-remove");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(dialog).toBeHidden();
  expect(Object.keys(given.asked)).toContain(`DELETE /instances/${web?.id}/agents/ntp`);
});

test("one task works on all chosen instances", async ({ page }) => {
  const given = await open(page, "/instances");
  await page.getByRole("checkbox", { name: "Choose all enrolled instances" }).check();
  const bar = page.getByRole("region", { name: "With the chosen instances" });
  await bar.getByRole("button", { name: "Install" }).click();
  await shot(page, "agents-bulk");
  await page.getByRole("menuitem", { name: "Time Server" }).click();
  const instances = given.instances.filter((i) => i.enrolled).map((i) => i.id);
  await expect
    .poll(() => given.asked["POST /agents:batch"])
    .toEqual({ action: "install", apps: ["ntp"], instances });
  await expect(bar).toBeHidden();
});

test("an instance is unenrolled after a question that says what happens", async ({ page }) => {
  const given = await open(page, "/instances");
  const web = given.instances[2];
  await page.getByRole("link", { name: "web-1", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`instance=${web?.id}`));
  await page.getByRole("button", { name: "Unenroll" }).click();
  const dialog = page.getByRole("dialog", { name: "Unenroll web-1?" });
  await expect(dialog).toContainText("Agents that are installed stay");
  await shot(page, "unenroll");
  await dialog.getByRole("button", { name: "Unenroll" }).click();
  await expect(dialog).toBeHidden();
  expect(Object.keys(given.asked)).toContain(`DELETE /instances/${web?.id}`);
});
