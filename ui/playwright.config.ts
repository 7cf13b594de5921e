import { defineConfig } from "@playwright/test";
import { launchOptions } from "./e2e/browser.ts";

/** End-to-end journeys through the product: MCM_URL refers to a running `mcm sandbox`. */
export default defineConfig({
  testDir: "e2e/product",
  timeout: 240_000,
  expect: { timeout: 15_000 },
  // A repeated journey starts in the state of its first attempt, and may skip the failed part.
  retries: 0,
  // The journeys share one cloud, so they run sequentially.
  workers: 1,
  reporter: [["line"]],
  use: {
    baseURL: process.env.MCM_URL ?? "http://127.0.0.1:8080",
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    trace: "retain-on-failure",
    launchOptions,
  },
});
