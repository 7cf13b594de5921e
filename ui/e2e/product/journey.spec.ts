import { expect, type Page, test } from "@playwright/test";
import type { App, Stack } from "../../src/api/types.ts";
import { expectAccessible } from "../browser.ts";
import { read } from "./person.ts";

/** From nothing to a running app and back, by the operator's own hands, in one go. */
test.describe
  .serial("an operator's day", () => {
    const stackReady = 300_000;
    const appMoves = 180_000;
    let page: Page;

    test.beforeAll(async ({ browser }) => {
      const context = await browser.newContext();
      page = await context.newPage();
    });
    test.afterAll(() => page.context().close());

    const tile = () => page.getByRole("article").filter({ has: page.locator("#app-ntp") });
    const closeDrawer = () =>
      page.getByRole("dialog").getByRole("button", { name: "Close" }).click();

    test("a wrong password is refused in words, the right one leads in", async () => {
      await page.addInitScript(() => localStorage.setItem("mcm-language", "en"));
      await page.goto("/tasks");
      await expect(page).toHaveURL(/\/sign-in\?next=/);
      await page.getByRole("textbox", { name: "User name" }).fill("demo");
      await page.locator("input[type=password]").fill("wrong");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(page.getByRole("alert")).toContainText("Not signed in");
      await expectAccessible(page);
      await page.locator("input[type=password]").fill("demo");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(page).toHaveURL(/\/tasks$/);
      await expect(
        page.getByText("Sandbox", { exact: true }).filter({ visible: true }),
      ).toBeVisible();
    });

    test("the small stack is deployed from its wizard and watched", async () => {
      await page.goto("/apps");
      const { state } = await read<Stack>(page, "/stack");
      test.skip(state !== "absent", "a stack is there already");
      await page.getByRole("link", { name: "Deploy the stack" }).click();
      await page.getByRole("radio", { name: /Small/ }).check();
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByRole("button", { name: "Next" }).click();
      await expect(page.getByText("It fits", { exact: true })).toBeVisible();
      await expectAccessible(page);
      await page.getByRole("button", { name: "Deploy", exact: true }).click();
      await expect(page.getByRole("tab", { name: "Topology" })).toBeVisible();
      await expect(page.getByText("Router · Created", { exact: false }).first()).toBeVisible({
        timeout: stackReady,
      });
      await expectAccessible(page);
      await expect(page.getByRole("heading", { level: 1 }).locator("..")).toContainText("Ready", {
        timeout: stackReady,
      });
      await page.getByRole("tab", { name: "Outputs" }).click();
      await expect(page.getByText("Floating IP")).toBeVisible();
    });

    test("an app is launched with its volume and becomes Healthy", async () => {
      await page.goto("/apps");
      const { health } = await read<App>(page, "/apps/ntp");
      test.skip(health === "Healthy", "the app runs already");
      await tile()
        .getByRole("button", { name: /Launch/ })
        .click();
      await expectAccessible(page);
      await page.getByRole("dialog").getByRole("button", { name: "Launch", exact: true }).click();
      await expect(tile().getByText(/^(Progressing|Healthy)$/)).toBeVisible();
      await expect(tile().getByText("Healthy", { exact: true })).toBeVisible({ timeout: appMoves });
      const { volume } = await read<App>(page, "/apps/ntp");
      expect(volume?.attached_to).toBeTruthy();
    });

    test("the launch is a task with all its steps done", async () => {
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

    test("a setting is changed, reviewed and applied", async () => {
      const app = await read<App>(page, "/apps/ntp");
      const { section, label, value } = aChange(app);
      await page.goto(`/apps?app=ntp&tab=${section}`);
      await page.getByRole("textbox", { name: label }).first().fill(value);
      await page.getByRole("button", { name: "Review 1 change" }).click();
      const review = page.getByRole("dialog", { name: "Review the changes" });
      await expect(review).toContainText(value);
      await expectAccessible(page);
      await review.getByRole("button", { name: "Save" }).click();
      await expect(review).toBeHidden();
      await expect
        .poll(async () => (await read<App>(page, "/apps/ntp")).revision, { timeout: appMoves })
        .toBeGreaterThan(app.revision);
      await page.goto("/audit?operation=app.configure");
      await expect(page.getByRole("table")).toContainText(value);
    });

    test("stopped, uninstalled with its volume kept, launched on it again", async () => {
      const volume = (await read<App>(page, "/apps/ntp")).volume?.id;
      await page.goto("/apps?app=ntp");
      await page.getByRole("button", { name: "Stop" }).click();
      await closeDrawer();
      await expect(tile().getByText("Stopped", { exact: true })).toBeVisible({ timeout: appMoves });
      await tile()
        .getByRole("button", { name: /Settings of/ })
        .click();
      await page.getByRole("button", { name: "Uninstall" }).click();
      const dialog = page.getByRole("dialog", { name: /Uninstall/ });
      await dialog.getByRole("button", { name: "Uninstall" }).click();
      await expect(dialog).toBeHidden();
      await expect(tile().getByText("Not installed", { exact: true })).toBeVisible({
        timeout: appMoves,
      });
      await tile()
        .getByRole("button", { name: /Launch/ })
        .click();
      await expect(page.getByRole("radio", { name: /Volume kept from before/ })).toBeChecked();
      await page.getByRole("dialog").getByRole("button", { name: "Launch", exact: true }).click();
      await expect(tile().getByText("Healthy", { exact: true })).toBeVisible({ timeout: appMoves });
      expect((await read<App>(page, "/apps/ntp")).volume?.id).toBe(volume);
    });

    test("the audit is exported as filtered", async () => {
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

    test("the data go only when the name is typed", async () => {
      await page.goto("/apps?app=ntp");
      await page.getByRole("button", { name: "Uninstall" }).click();
      const dialog = page.getByRole("dialog", { name: /Uninstall/ });
      await dialog.getByRole("checkbox").check();
      await dialog.getByRole("textbox").fill("ntp");
      await dialog.getByRole("button", { name: "Uninstall and delete the data" }).click();
      await expect(dialog).toBeHidden();
      await expect(tile().getByText("Not installed", { exact: true })).toBeVisible({
        timeout: appMoves,
      });
      await expect
        .poll(async () => (await read<App>(page, "/apps/ntp")).kept_volumes, { timeout: appMoves })
        .toEqual([]);
    });

    test("the stack is deleted when its name is typed", async () => {
      await page.goto("/stack");
      const { name } = await read<Stack>(page, "/stack");
      await page.getByRole("button", { name: "Delete stack" }).click();
      const dialog = page.getByRole("dialog", { name: "Delete stack" });
      await dialog.getByRole("textbox").fill(name);
      await dialog.getByRole("button", { name: "Delete the stack" }).click();
      await expect(dialog).toBeHidden();
      await expect(page.getByRole("radio", { name: /Small/ })).toBeVisible({ timeout: stackReady });
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

/** Some plain setting of the app and another value for it; which apps have which is data. */
function aChange(app: App): Change {
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
  throw new Error(`${app.name} has no plain setting`);
}
