import { expect, type Page, test } from "@playwright/test";
import { MockTaskLog } from "../../src/testing/fixtures.ts";
import { expectAccessible, expectNoSideScroll, screens } from "../browser.ts";
import { type MockState, mockApi, mockState } from "./mock.ts";

const task = `/tasks/${encodeURIComponent("app:ntp~0")}`;

async function open(page: Page, change: Partial<MockState> = {}, language = "en") {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.addInitScript((l) => localStorage.setItem("mcm-language", l), language);
  await mockApi(page, mockState(change));
  await page.goto(task);
  const log = page.getByRole("log");
  await expect(log.getByRole("listitem").first()).toBeVisible();
  return log;
}

const screenshot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/log-${name}.png` });
};

for (const [width, viewport] of Object.entries(screens)) {
  for (const [scheme, language, first] of [
    ["light", "en", "First error (of 2)"],
    ["dark", "fr", "Première erreur (sur 2)"],
  ] as const) {
    test(`log jumps to the first error: ${width} ${scheme}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme });
      const log = await open(page, {}, language);
      await page.getByRole("button", { name: first }).click();
      await expect(log.getByText("No package matching 'chrony'")).toBeInViewport();
      await expect(log.getByText("Unable to locate package")).toBeVisible();
      await log.evaluate((e) => e.parentElement?.scrollIntoView());
      await screenshot(page, `${width}-${scheme}`);
      await expectAccessible(page);
      await expectNoSideScroll(page);
    });
  }
}

test("log of eight million lines scrolls to its end", async ({ page }) => {
  const log = await open(page, {
    log: {
      ...MockTaskLog,
      total: 8_000_000,
      line: (position) => ({ ...MockTaskLog.line(position), message: `line ${position}` }),
    },
  });
  await expect(log.getByText(/line 1$/)).toBeVisible();
  await log.focus();
  await page.keyboard.press("End");
  await expect(log.getByText(/line 7999999$/)).toBeInViewport();
  await page.keyboard.press("PageUp");
  await expect(log.getByText(/line 7999999$/)).not.toBeInViewport();
  await page.keyboard.press("Home");
  await expect(log.getByText(/line 1$/)).toBeInViewport();
  // Scroll across the edge of the virtual window.
  await log.evaluate((e) => e.scrollTo(0, e.scrollHeight));
  await expect(log.getByText(/line 99990$/)).toBeVisible();
  await log.hover();
  for (let n = 0; n < 6; n++) await page.mouse.wheel(0, 2_000);
  await expect
    .poll(async () => Number(await log.getByRole("listitem").last().getAttribute("aria-posinset")))
    .toBeGreaterThan(100_300);
  expect(await log.getByRole("listitem").count()).toBeLessThan(120);
});

test("log keeps its last line in view while long lines load", async ({ page }) => {
  const log = await open(page, {
    log: {
      ...MockTaskLog,
      total: 30_000,
      line: (position) => ({
        ...MockTaskLog.line(position),
        message: `line ${position} ${"of a long output ".repeat(30 + (position % 7) * 10)}`,
      }),
    },
  });
  await page.route(/\/log\/lines/, async (route) => {
    await new Promise((done) => setTimeout(done, 1_000));
    await route.fallback();
  });
  await log.focus();
  await page.keyboard.press("End");
  await expect(log.getByText(/line 29999 /)).toBeInViewport({ ratio: 0.1 });
  await expect
    .poll(() => log.evaluate((e) => e.scrollHeight - e.clientHeight - e.scrollTop))
    .toBeLessThan(2);
  await page.mouse.move(0, 0);
  await log.hover();
  await page.mouse.wheel(0, -4_000);
  await expect(log.getByText(/line 29999 /)).not.toBeInViewport();
});

test("log search steps through matches and reports no match", async ({ page }) => {
  const log = await open(page);
  const search = page.getByRole("searchbox", { name: "Search the log" });
  await search.fill("get:4");
  await search.press("Enter");
  const status = page.getByRole("search").getByRole("status");
  await expect(status).toHaveText("Found in line 44");
  await expect(log.locator("[aria-current]")).toContainText("Get:43");
  await search.press("Enter");
  await expect(status).toHaveText("Found in line 404");
  await expect(log.locator("[aria-current]")).toBeInViewport();
  await page.getByRole("button", { name: "Previous match" }).click();
  await expect(status).toHaveText("Found in line 44");
  await search.fill("nowhere");
  await search.press("Enter");
  await expect(status).toHaveText("No match");
});

test("incomplete log is reported", async ({ page }) => {
  await open(page, { log: { ...MockTaskLog, incomplete_reason: "swift does not respond" } });
  await expect(page.getByText("The log is incomplete: swift does not respond")).toBeVisible();
});
