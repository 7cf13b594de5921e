import { defineConfig } from "@playwright/test";
import { launchOptions } from "./e2e/browser.ts";

/** All pages and dialogs against fixtures, without a backend, under the product's CSP. */
export default defineConfig({
  testDir: "e2e/pages",
  timeout: 90_000,
  retries: 0,
  expect: { timeout: 15_000 },
  workers: 2,
  reporter: [["line"]],
  use: { baseURL: "http://127.0.0.1:4173", viewport: { width: 1440, height: 900 }, launchOptions },
  webServer: {
    command: "npx vite preview --host 127.0.0.1 --port 4173 --strictPort",
    url: "http://127.0.0.1:4173/index.html",
    reuseExistingServer: true,
  },
});
