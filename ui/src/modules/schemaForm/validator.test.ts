import type { RJSFSchema } from "@rjsf/utils";
import { describe, expect, test } from "vitest";
import validator, { validate } from "./validator.ts";

const schema: RJSFSchema = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 2 },
    mail: { type: "string", format: "email" },
    size: { type: "integer", minimum: 1, maximum: 15 },
    servers: { type: "array", minItems: 1, items: { $ref: "#/$defs/server" } },
  },
  $defs: { server: { type: "string", pattern: "^[a-z.]+$" } },
};
const errors = (data: unknown) => validate(schema, data).map((e) => [e.property, e.name]);

describe("the schema validator", () => {
  test("accepts valid data", () => {
    expect(errors({ name: "ok", mail: "a@b.example", size: 3, servers: ["a.b"] })).toEqual([]);
  });

  test("reports the missing field, not its parent", () => {
    expect(errors({})).toEqual([[".name", "required"]]);
  });

  test("treats undefined as absent, like the server", () => {
    expect(errors({ name: "ok", size: undefined })).toEqual([]);
  });

  test.each([
    [{ name: "x" }, ".name", "minLength", 2],
    [{ name: "ok", size: 16 }, ".size", "maximum", 15],
    [{ name: "ok", size: 0 }, ".size", "minimum", 1],
    [{ name: "ok", mail: "nobody" }, ".mail", "format", "email"],
    [{ name: "ok", servers: [] }, ".servers", "minItems", 1],
  ])("reports the limit for %j", (data, property, name, limit) => {
    expect(validate(schema, data)).toMatchObject([{ property, name, params: { limit } }]);
  });

  test("follows references inside lists", () => {
    expect(errors({ name: "ok", servers: ["a.b", "NO"] })).toEqual([[".servers.1", "pattern"]]);
  });

  test("resolves the root's definitions for a subschema", () => {
    const part: RJSFSchema = { $ref: "#/$defs/server" };
    expect(validator.isValid(part, "a.b", schema)).toBe(true);
    expect(validator.isValid(part, "NO", schema)).toBe(false);
  });
});
