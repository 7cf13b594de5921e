import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.MCM_URL ?? "http://127.0.0.1:8080";

/** The server's CSP, also used by `vite preview` so that the page tests detect violations. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // The form library imports its default validator in an exported test helper. Replace it with
      // ours, because the default one requires 'unsafe-eval'.
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
    // The CSP does not allow data: URLs for scripts and styles, so inline no assets.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // Bundle libraries into a few shared chunks: they change only with library updates and
        // stay cached across releases.
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
