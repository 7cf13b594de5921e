import { defineConfig } from "@playwright/test";
import { launchOptions } from "./e2e/browser.ts";

/** Journeys through the real product: MCM_URL names a running `mcm sandbox`. */
export default defineConfig({
  testDir: "e2e/product",
  timeout: 240_000,
  expect: { timeout: 15_000 },
  // The journeys share one cloud, so they run one after the other.
  // A machine under load may miss a deadline once; a fault is there twice.
  retries: 2,
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
