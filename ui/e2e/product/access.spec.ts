import { expect, test } from "@playwright/test";
import { expectAccessible, expectNoSideScroll, screens } from "../browser.ts";
import { signIn } from "./helpers.ts";

const pages = [
  "/apps",
  "/apps?app=ntp",
  "/apps?app=ntp&tab=parameters",
  "/instances",
  "/stack",
  "/tasks",
  "/audit",
];

for (const [screen, viewport] of Object.entries(screens)) {
  for (const [language, scheme] of [
    ["en", "light"],
    ["fr", "dark"],
  ] as const) {
    test(`all pages are accessible: ${screen}, ${language}, ${scheme}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (m) => m.text().includes("Content Security") && errors.push(m.text()));
      await signIn(page, "demo", language);
      for (const path of pages) {
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
        await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
        await expectAccessible(page);
        await expectNoSideScroll(page);
        if (process.env.SHOTS) {
          const name = path.replaceAll(/\W+/g, "-");
          await page.screenshot({
            path: `${process.env.SHOTS}/real${name}-${screen}-${language}.png`,
          });
        }
      }
      expect(errors).toEqual([]);
    });
  }
}

test("language and theme persist after a reload", async ({ page }) => {
  await signIn(page, "demo");
  await page.getByText("FR", { exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Applications");
  await page.getByTitle("Sombre").click();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Applications");
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});

test("viewer has read-only access with an explanation", async ({ page }) => {
  await signIn(page, "viewer");
  await page.goto("/apps?app=ntp");
  const action = page.getByRole("dialog").getByRole("button", { name: /^(Launch|Stop)$/ });
  await expect(action).toHaveAttribute("aria-disabled", "true");
  await action.hover();
  await expect(page.getByRole("tooltip")).toContainText("this requires the operator role");
  await page.goto("/audit"); // viewers may export what they may read
  await expect(page.getByRole("button", { name: "Export" })).toBeEnabled();
});

test("expired session redirects to sign-in and back", async ({ page }) => {
  await signIn(page, "demo");
  await page.context().clearCookies();
  await page.goto("/tasks?status=succeeded");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByRole("button", { name: /demo \/ demo/ }).click();
  await expect(page).toHaveURL(/\/tasks\?status=succeeded$/);
});

test("signing out ends the session", async ({ page }) => {
  await signIn(page, "demo");
  await page.getByRole("button", { name: "Account of demo" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  expect((await page.request.get("/api/v1/apps")).status()).toBe(401);
});

test("sign-in and app settings are operable by keyboard", async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem("mcm-language", "en"));
  await page.goto("/sign-in");
  await page.getByRole("textbox", { name: "User name" }).focus();
  await page.keyboard.type("demo");
  await page.keyboard.press("Tab");
  await page.keyboard.type("demo");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Apps");
  const settings = page.getByRole("button", { name: /^Settings of/ }).first();
  await settings.waitFor();
  for (let i = 0; i < 40 && !(await settings.evaluate((e) => e === document.activeElement)); i++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(settings).toBeFocused();
});

test("Temporal Web is restricted to administrators", async ({ page, browser }) => {
  await signIn(page, "admin");
  await page.getByRole("button", { name: "Account of admin" }).click();
  const link = page.getByRole("menuitem", { name: "Temporal Web" });
  test.skip(!(await link.isVisible()), "this installation shows no Temporal Web");
  expect((await page.request.get("/temporal/")).status()).toBe(200);
  const other = await browser.newPage();
  await signIn(other, "demo");
  expect((await other.request.get("/temporal/")).status()).toBe(403);
  await other.close();
});

test("unknown URL shows the not-found page", async ({ page }) => {
  await signIn(page, "demo");
  await page.goto("/nowhere");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
  await expectAccessible(page);
});
