import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import type { ReactNode } from "react";
import type { Role } from "../api/types.ts";
import { theme } from "../theme/theme.ts";
import { MockSession } from "./fixtures.ts";

/** Renders a view for a user with `role`; no data is loaded except the given props. */
export async function renderView(view: ReactNode, role: Role = "operator") {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  client.setQueryData(["session"], { ...MockSession, role });
  const rootRoute = createRootRoute({ component: () => <main data-testid="view">{view}</main> });
  const router = createRouter({ routeTree: rootRoute, history: createMemoryHistory() });
  render(
    <QueryClientProvider client={client}>
      <MantineProvider theme={theme} env="test">
        <RouterProvider router={router as never} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  await screen.findByTestId("view");
  return client;
}
