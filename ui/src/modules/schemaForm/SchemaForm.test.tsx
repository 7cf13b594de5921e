import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { MockApp } from "../../testing/fixtures.ts";
import { renderView } from "../../testing/render.tsx";
import SchemaForm, { type FormData } from "./SchemaForm.tsx";

function Environment() {
  const [value, setValue] = useState<FormData>(MockApp.settings.environment);
  return (
    <SchemaForm
      id="environment"
      schema={MockApp.schema.environment}
      value={value}
      onChange={setValue}
      showErrors
    />
  );
}

test("SchemaForm hides secrets and shows a localized error once", async () => {
  await renderView(<Environment />);
  const secret = screen.getByLabelText("Administrator’s password");
  expect(secret).toHaveValue("");
  expect(secret).toHaveAttribute("placeholder", "Set. Leave empty to keep it");
  await userEvent.clear(screen.getByLabelText(/Time zone/));
  expect(await screen.findAllByText("This field is required.")).toHaveLength(1);
  await userEvent.type(screen.getByLabelText(/Time zone/), "UTC");
  expect(screen.queryByText("This field is required.")).not.toBeInTheDocument();
});
