import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Debian's Chromium without its sandbox, because tests also run as root in containers. */
export const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Expects no WCAG 2.2 A or AA violation on the page as currently shown. */
export async function expectAccessible(page: Page) {
  // Wait for animations: a fading dialog is half transparent and fails the contrast check.
  await page.waitForTimeout(350);
  const { violations } = await new AxeBuilder({ page }).withTags(wcag).analyze();
  const found = violations.map(
    (v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`,
  );
  expect(found).toEqual([]);
}

/** Expects that the page is not wider than the viewport. */
export async function expectNoSideScroll(page: Page) {
  const [wide, inner] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    window.innerWidth,
  ]);
  expect(wide).toBeLessThanOrEqual(inner ?? 0);
}

export const screens = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
};
