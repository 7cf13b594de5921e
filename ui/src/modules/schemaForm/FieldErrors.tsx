import { Text } from "@mantine/core";
import type { FieldErrorProps } from "@rjsf/utils";

/** Errors of a list or object as a whole; inputs show the errors of single fields. */
export function FieldErrors({ errors = [], schema }: FieldErrorProps) {
  if (errors.length === 0 || (schema.type !== "array" && schema.type !== "object")) return null;
  return (
    <Text size="sm" c="var(--mantine-color-error)" role="alert">
      {errors.map(String).join(" ")}
    </Text>
  );
}
