import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.MCM_URL ?? "http://127.0.0.1:8080";

/** The server's policy, also in preview: what it forbids must fail in the page tests. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // The form library names its default validator in a test helper it exports; ours takes its
      // place, because the default one needs 'unsafe-eval'.
      "@rjsf/validator-ajv8": fileURLToPath(
        new URL("src/modules/schemaForm/validator.ts", import.meta.url),
      ),
    },
  },
  server: {
    proxy: {
      "/api": { target: backend, changeOrigin: false },
      "/temporal": { target: backend, changeOrigin: false },
    },
  },
  preview: { headers: { "Content-Security-Policy": contentPolicy } },
  build: {
    outDir: "dist",
    // The content security policy allows no data: URLs, so nothing may be inlined.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // A few files that every page needs, instead of forty small ones: they change only when a
        // library is updated, so a browser keeps them over releases.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\//, priority: 3 },
            {
              name: "mantine",
              test: /node_modules\/@(mantine\/(core|hooks)|floating-ui)\//,
              priority: 2,
            },
            {
              name: "vendor",
              test: /node_modules\/(@tanstack|i18next|react-i18next|@mantine\/notifications|openapi-fetch)\//,
              priority: 1,
            },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    testTimeout: 60_000,
    // @rjsf/mantine imports dayjs plugins without a file extension, which only Vite resolves.
    server: { deps: { inline: [/@rjsf/] } },
  },
});
