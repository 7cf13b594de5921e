/** What the API shows instead of a secret; sent back unchanged it keeps the old value. */
export const mask = "********";

/** Whether a property of a schema is write-only. */
export function isSecret(property: unknown): boolean {
  if (typeof property !== "object" || property === null) return false;
  const { writeOnly, format } = property as { writeOnly?: boolean; format?: string };
  return writeOnly === true || format === "password";
}
