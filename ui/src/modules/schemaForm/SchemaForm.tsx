import type FormType from "@rjsf/core";
import Form from "@rjsf/mantine";
import type { ErrorSchema, RJSFSchema, RJSFValidationError, UiSchema } from "@rjsf/utils";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { FieldErrors } from "./FieldErrors.tsx";
import { SecretWidget } from "./SecretWidget.tsx";
import { isSecret } from "./secrets.ts";
import { useFormTexts } from "./texts.ts";
import validator from "./validator.ts";

export type FormData = Record<string, unknown>;

interface Props {
  id: string;
  schema: RJSFSchema;
  value: FormData;
  onChange: (value: FormData) => void;
  /** Shows all errors, including those of untouched fields. */
  showErrors: boolean;
  serverErrors?: ErrorSchema;
  disabled?: boolean;
}

/** A form generated from a JSON Schema. The API validates the values against the same schema. */
export default function SchemaForm(props: Props) {
  const { id, schema, value, onChange, showErrors, serverErrors, disabled } = props;
  const { t } = useTranslation("common");
  const translate = useFormTexts();
  const uiSchema = useMemo(() => uiSchemaOf(schema), [schema]);
  const form = useRef<FormType>(null);
  useEffect(() => {
    if (showErrors) form.current?.validateForm();
  }, [showErrors]);
  const transform = (errors: RJSFValidationError[]) =>
    errors.map((error) => ({ ...error, message: errorText(error) }));
  const errorText = ({ name, params }: RJSFValidationError) => {
    const keyword = texts.find((k) => k === name) ?? "other";
    return t(`form.${keyword}`, { limit: textOf((params as { limit?: unknown })?.limit) });
  };
  return (
    <Form
      ref={form}
      idPrefix={id}
      tagName="div"
      schema={schema}
      uiSchema={uiSchema}
      validator={validator}
      templates={templates}
      formData={value}
      onChange={(event) => onChange((event.formData ?? {}) as FormData)}
      liveValidate={showErrors ? "onChange" : undefined}
      transformErrors={transform}
      translateString={translate}
      extraErrors={serverErrors}
      disabled={disabled}
      noHtml5Validate
      showErrorList={false}
    />
  );
}

const templates = { FieldErrorTemplate: FieldErrors };

const texts = [
  "required",
  "type",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "enum",
  "minItems",
  "maxItems",
  "uniqueItems",
] as const;

const textOf = (limit: unknown) =>
  Array.isArray(limit) ? limit.join(", ") : limit === undefined ? "" : String(limit);

function uiSchemaOf(schema: RJSFSchema): UiSchema {
  const ui: UiSchema = {
    "ui:submitButtonOptions": { norender: true, submitText: "" },
    // The tab already shows the title.
    "ui:title": "",
  };
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (isSecret(property)) {
      ui[key] = { "ui:widget": SecretWidget };
    }
  }
  return ui;
}
