import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import "./theme/fonts.css";
import "./theme/global.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import i18next from "i18next";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onSignedOut } from "./api/client.ts";
import { sessionQuery } from "./api/queries/session.ts";
import { queryClient } from "./api/queryClient.ts";
import { preferredLanguage, startI18n } from "./i18n/i18n.ts";
import { createAppRouter } from "./router.tsx";
import { resolver, theme } from "./theme/theme.ts";

const colorSchemeManager = localStorageColorSchemeManager({ key: "mcm-color-scheme" });
const router = createAppRouter(queryClient);

onSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in") return;
  queryClient.setQueryData(sessionQuery.queryKey, null);
  void router.navigate({ to: "/sign-in", search: { next: href, expired: true } });
});

await startI18n(preferredLanguage());
// The server localizes task and app titles, so refetch everything in the new language.
i18next.on("languageChanged", () => void queryClient.invalidateQueries());

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={resolver}
        colorSchemeManager={colorSchemeManager}
        defaultColorScheme="auto"
      >
        {/* Centered, because the right side holds the menus of the last rows. */}
        <Notifications position="bottom-center" />
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);
