import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import {
  type CustomValidator,
  createErrorHandler,
  type ErrorTransformer,
  getDefaultFormState,
  type RJSFSchema,
  type RJSFValidationError,
  toErrorSchema,
  type UiSchema,
  unwrapErrorHandler,
  type ValidationData,
  type ValidatorType,
  validationDataMerge,
} from "@rjsf/utils";

/** Container keywords: their errors only repeat a nested error, which is reported itself. */
const containers = new Set(["properties", "items", "$ref", "additionalProperties", "allOf"]);

/**
 * Validates data by interpreting the JSON Schema. The form library's default validator compiles
 * schemas with `new Function`, which the content security policy forbids.
 */
export function validate(schema: RJSFSchema, data: unknown): RJSFValidationError[] {
  return run(schema, data)
    .filter((unit) => !containers.has(unit.keyword))
    .map((unit) => toFormError(schema, unit));
}

function run(schema: RJSFSchema, data: unknown): OutputUnit[] {
  // Serialize to JSON and back like the request body: undefined properties are absent.
  const json: unknown = data === undefined ? undefined : JSON.parse(JSON.stringify(data));
  return new Validator(schema as Schema, "2020-12", false).validate(json).errors;
}

function toFormError(schema: RJSFSchema, unit: OutputUnit): RJSFValidationError {
  const parent = segments(unit.instanceLocation)
    .map((s) => `.${s}`)
    .join("");
  const missing = unit.keyword === "required" ? /"([^"]+)"/.exec(unit.error)?.[1] : undefined;
  return {
    name: unit.keyword,
    property: missing ? `${parent}.${missing}` : parent,
    params: { limit: valueAt(schema, unit.keywordLocation) },
    message: unit.error,
    stack: unit.error,
  };
}

const segments = (pointer: string) =>
  pointer
    .replace(/^#?\/?/, "")
    .split("/")
    .filter(Boolean)
    .map((s) => decodeURIComponent(s).replaceAll("~1", "/").replaceAll("~0", "~"));

function valueAt(schema: unknown, pointer: string): unknown {
  return segments(pointer).reduce<unknown>(
    (node, key) => (node as Record<string, unknown> | undefined)?.[key],
    schema,
  );
}

/** Adds the root's definitions to a subschema, so that its references still resolve. */
const withDefinitions = (schema: RJSFSchema, root: RJSFSchema): RJSFSchema => ({
  ...schema,
  $defs: { ...root.$defs, ...schema.$defs },
  definitions: { ...root.definitions, ...schema.definitions },
});

const validator: ValidatorType = {
  validateFormData(
    data: unknown,
    schema: RJSFSchema,
    custom?: CustomValidator,
    transform?: ErrorTransformer,
    uiSchema?: UiSchema,
  ): ValidationData<unknown> {
    const found = validate(schema, data);
    const errors = transform ? transform(found, uiSchema) : found;
    const result: ValidationData<unknown> = { errors, errorSchema: toErrorSchema(errors) };
    if (!custom) return result;
    const state = getDefaultFormState(validator, schema, data, schema, true) as never;
    return validationDataMerge(
      result,
      unwrapErrorHandler(custom(state, createErrorHandler(state), uiSchema)),
    );
  },
  isValid: (schema: RJSFSchema, data: unknown, root: RJSFSchema) =>
    run(withDefinitions(schema, root), data).length === 0,
  rawValidation: <Result>(schema: RJSFSchema, data?: unknown) => ({
    errors: run(schema, data) as Result[],
  }),
  reset() {},
};

export default validator;
