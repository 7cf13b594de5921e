import { PasswordInput } from "@mantine/core";
import type { WidgetProps } from "@rjsf/utils";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { mask } from "./secrets.ts";

/** Input for a write-only value: a stored value is never shown, and an empty field keeps it. */
export function SecretWidget(props: WidgetProps) {
  const { id, label, required, disabled, readonly, value, rawErrors, onChange } = props;
  const { t } = useTranslation("common");
  const [isSet] = useState(value === mask);
  return (
    <PasswordInput
      id={id}
      label={label}
      description={props.options.description}
      required={required}
      disabled={disabled || readonly}
      autoComplete="new-password"
      placeholder={isSet ? t("form.secretSet") : undefined}
      value={value === mask ? "" : String(value ?? "")}
      error={rawErrors?.join(" ")}
      onChange={(event) => onChange(event.currentTarget.value || (isSet ? mask : undefined))}
      visibilityToggleButtonProps={{ "aria-label": t("form.showSecret"), tabIndex: 0 }}
    />
  );
}
