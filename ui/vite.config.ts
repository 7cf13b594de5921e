import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.MCM_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: {
      "/api": { target: backend, changeOrigin: false },
      "/temporal": { target: backend, changeOrigin: false },
    },
  },
  build: {
    outDir: "dist",
    // The content security policy allows no data: URLs, so nothing may be inlined.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
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
