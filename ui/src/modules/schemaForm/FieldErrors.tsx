import { Text } from "@mantine/core";
import type { FieldErrorProps } from "@rjsf/utils";

/** Faults of a list or group as a whole; a single field's input shows its own. */
export function FieldErrors({ errors = [], schema }: FieldErrorProps) {
  if (errors.length === 0 || (schema.type !== "array" && schema.type !== "object")) return null;
  return (
    <Text size="sm" c="var(--mantine-color-error)" role="alert">
      {errors.map(String).join(" ")}
    </Text>
  );
}
