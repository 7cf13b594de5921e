import { expect, type Page, test } from "@playwright/test";
import type { App, Stack } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { apiGet } from "./helpers.ts";

/** Full lifecycle of the stack and an app as an operator. */
test.describe
  .serial("stack and app lifecycle", () => {
    const stackTimeout = 300_000;
    const appTimeout = 180_000;
    let page: Page;

    test.beforeAll(async ({ browser }) => {
      const context = await browser.newContext();
      page = await context.newPage();
    });
    test.afterAll(() => page.context().close());

    const tile = () => page.getByRole("article").filter({ has: page.locator("#app-ntp") });
    const closeDrawer = () =>
      page.getByRole("dialog").getByRole("button", { name: "Close" }).click();

    test("sign-in refuses a wrong password and accepts the right one", async () => {
      await page.addInitScript(() => localStorage.setItem("mcm-language", "en"));
      await page.goto("/tasks");
      await expect(page).toHaveURL(/\/sign-in\?next=/);
      await page.getByRole("textbox", { name: "User name" }).fill("demo");
      await page.locator("input[type=password]").fill("wrong");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(page.getByRole("alert")).toContainText("Authentication failed");
      await expectAccessible(page);
      await page.locator("input[type=password]").fill("demo");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(page).toHaveURL(/\/tasks$/);
      await expect(
        page.getByText("Sandbox", { exact: true }).filter({ visible: true }),
      ).toBeVisible();
    });

    test("deploy the small stack in the wizard", async () => {
      await page.goto("/apps");
      const { state } = await apiGet<Stack>(page, "/stack");
      test.skip(state !== "absent", "a stack already exists");
      await page.getByRole("link", { name: "Deploy the stack" }).click();
      await page.getByRole("radio", { name: /Small/ }).check();
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Next" }).click();
      await expect(
        page.getByText("The stack fits into the project", { exact: true }),
      ).toBeVisible();
      await expectAccessible(page);
      await page.getByRole("button", { name: "Deploy", exact: true }).click();
      await expect(page.getByRole("tab", { name: "Topology" })).toBeVisible();
      await expect(page.getByText("Router · Created", { exact: false }).first()).toBeVisible({
        timeout: stackTimeout,
      });
      await expectAccessible(page);
      await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Ready", {
        timeout: stackTimeout,
      });
      await page.getByRole("tab", { name: "Outputs" }).click();
      await expect(page.getByText("Floating IP")).toBeVisible();
    });

    test("launch an app with a volume until it is Healthy", async () => {
      await page.goto("/apps");
      const { health } = await apiGet<App>(page, "/apps/ntp");
      test.skip(health === "Healthy", "the app is already running");
      await tile()
        .getByRole("button", { name: /Launch/ })
        .click();
      await expectAccessible(page);
      await page.getByRole("dialog").getByRole("button", { name: "Launch", exact: true }).click();
      await expect(tile().getByText(/^(Progressing|Healthy)$/)).toBeVisible();
      await expect(tile().getByText("Healthy", { exact: true })).toBeVisible({
        timeout: appTimeout,
      });
      const { volume } = await apiGet<App>(page, "/apps/ntp");
      expect(volume?.attached_to).toBeTruthy();
    });

    test("the launch task shows all steps as done", async () => {
      await page.goto("/tasks?operation=app.launch&status=succeeded");
      await page.getByRole("table").getByRole("link").first().click();
      await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText(
        "Succeeded",
      );
      const steps = page.getByRole("list", { name: "Steps" }).getByRole("listitem");
      expect(await steps.count()).toBeGreaterThan(3);
      for (const step of await steps.all()) await expect(step).toContainText(/Done|Skipped/);
      await expectAccessible(page);
    });

    test("change, review and apply a setting", async () => {
      const app = await apiGet<App>(page, "/apps/ntp");
      const { section, label, value } = settingChange(app);
      await page.goto(`/apps?app=ntp&tab=${section}`);
      await page.getByRole("textbox", { name: label }).first().fill(value);
      await page.getByRole("button", { name: "Review 1 change" }).click();
      const review = page.getByRole("dialog", { name: "Review changes" });
      await expect(review).toContainText(value);
      await expectAccessible(page);
      await review.getByRole("button", { name: "Save" }).click();
      await expect(review).toBeHidden();
      await expect
        .poll(async () => (await apiGet<App>(page, "/apps/ntp")).revision, { timeout: appTimeout })
        .toBeGreaterThan(app.revision);
      await page.goto("/audit?operation=app.configure");
      await expect(page.getByRole("table")).toContainText(value);
    });

    test("stop and uninstall the app, then launch it on its retained volume", async () => {
      const volume = (await apiGet<App>(page, "/apps/ntp")).volume?.id;
      await page.goto("/apps?app=ntp");
      await page.getByRole("button", { name: "Stop" }).click();
      await closeDrawer();
      await expect(tile().getByText("Stopped", { exact: true })).toBeVisible({
        timeout: appTimeout,
      });
      await tile()
        .getByRole("button", { name: /Settings of/ })
        .click();
      await page.getByRole("button", { name: "Uninstall" }).click();
      const dialog = page.getByRole("dialog", { name: /Uninstall/ });
      await dialog.getByRole("button", { name: "Uninstall" }).click();
      await expect(dialog).toBeHidden();
      await expect(tile().getByText("Not installed", { exact: true })).toBeVisible({
        timeout: appTimeout,
      });
      await tile()
        .getByRole("button", { name: /Launch/ })
        .click();
      await expect(page.getByRole("radio", { name: /Retained volume/ })).toBeChecked();
      await page.getByRole("dialog").getByRole("button", { name: "Launch", exact: true }).click();
      await expect(tile().getByText("Healthy", { exact: true })).toBeVisible({
        timeout: appTimeout,
      });
      expect((await apiGet<App>(page, "/apps/ntp")).volume?.id).toBe(volume);
    });

    test("export the filtered audit log", async () => {
      await page.goto("/audit?outcome=succeeded");
      await page.getByRole("button", { name: "Export" }).click();
      const download = page.waitForEvent("download");
      await page.getByRole("menuitem", { name: "CSV" }).click();
      const stream = await (await download).createReadStream();
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const lines = Buffer.concat(chunks).toString("utf8").trim().split("\n");
      expect(lines.length).toBeGreaterThan(3);
      expect(lines.slice(1).filter((line) => line.includes("refused"))).toEqual([]);
    });

    test("uninstalling with data requires the name", async () => {
      await page.goto("/apps?app=ntp");
      await page.getByRole("button", { name: "Uninstall" }).click();
      const dialog = page.getByRole("dialog", { name: /Uninstall/ });
      await dialog.getByRole("checkbox").check();
      await dialog.getByRole("textbox").fill("ntp");
      await dialog.getByRole("button", { name: "Uninstall and delete data" }).click();
      await expect(dialog).toBeHidden();
      await expect(tile().getByText("Not installed", { exact: true })).toBeVisible({
        timeout: appTimeout,
      });
      await expect
        .poll(async () => (await apiGet<App>(page, "/apps/ntp")).retained_volumes, {
          timeout: appTimeout,
        })
        .toEqual([]);
    });

    test("deleting the stack requires the name", async () => {
      await page.goto("/stack");
      const { name } = await apiGet<Stack>(page, "/stack");
      await page.getByRole("button", { name: "Delete stack" }).click();
      const dialog = page.getByRole("dialog", { name: "Delete stack" });
      await dialog.getByRole("textbox").fill(name);
      await dialog.getByRole("button", { name: "Delete the stack" }).click();
      await expect(dialog).toBeHidden();
      await expect(page.getByRole("radio", { name: /Small/ })).toBeVisible({
        timeout: stackTimeout,
      });
    });
  });

interface Change {
  section: "environment" | "parameters";
  label: string;
  value: string;
}

type Property = {
  type?: string;
  title?: string;
  format?: string;
  enum?: unknown;
  pattern?: string;
};

/** Returns a simple setting of the app with a new value; the available settings depend on the app. */
function settingChange(app: App): Change {
  for (const section of ["parameters", "environment"] as const) {
    const { properties = {} } = app.schema[section] as { properties?: Record<string, Property> };
    for (const [key, property] of Object.entries(properties)) {
      const label = property.title ?? key;
      const now = (app.settings[section] as Record<string, unknown>)[key];
      if (property.enum || property.format || property.pattern) continue;
      if (property.type === "integer")
        return { section, label, value: String(Number(now ?? 4) + 1) };
      if (property.type === "string") return { section, label, value: `${now ?? ""}x` };
    }
  }
  throw new Error(`${app.name} has no simple setting`);
}
