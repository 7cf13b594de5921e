/** Placeholder that the API returns for a secret; sending it back keeps the stored value. */
export const mask = "********";

/** Reports whether a schema property is write-only. */
export function isSecret(property: unknown): boolean {
  if (typeof property !== "object" || property === null) return false;
  const { writeOnly, format } = property as { writeOnly?: boolean; format?: string };
  return writeOnly === true || format === "password";
}
