import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { MockAudit } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import { AuditPageView, type AuditPageViewProps } from "./AuditPageView.tsx";

const props: AuditPageViewProps = {
  filters: { actor: "demo", outcome: "failed" },
  onFilters: () => {},
  records: MockAudit,
  error: null,
  onRetry: () => {},
  loadingMore: false,
};

test("AuditPageView shows old and new values and refused actions", async () => {
  await renderView(<AuditPageView {...props} />);
  const row = screen.getByRole("row", { name: /Change the settings of Time Server/ });
  expect(row).toHaveTextContent("UTC");
  expect(row).toHaveTextContent("Europe/Paris");
  expect(screen.getByRole("row", { name: /mallory/ })).toHaveTextContent("Refused");
});

test("AuditPageView exports with the current filters", async () => {
  await renderView(<AuditPageView {...props} />);
  await userEvent.click(screen.getByRole("button", { name: "Export" }));
  expect(await screen.findByRole("menuitem", { name: "Excel (.xlsx)" })).toHaveAttribute(
    "href",
    "/api/v1/audit/export?format=xlsx&actor=demo&outcome=failed",
  );
});

test("AuditPageView lets a viewer export", async () => {
  await renderView(<AuditPageView {...props} />, "viewer");
  expect(screen.getByRole("button", { name: "Export" })).not.toHaveAttribute("aria-disabled");
});
