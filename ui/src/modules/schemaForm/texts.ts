import { englishStringTranslator, TranslatableString } from "@rjsf/utils";
import { useTranslation } from "react-i18next";

/** Localized texts of the form library. */
export function useFormTexts() {
  const { t } = useTranslation("common");
  const own: Partial<Record<TranslatableString, string>> = {
    [TranslatableString.AddButton]: t("form.add"),
    [TranslatableString.AddItemButton]: t("form.add"),
    [TranslatableString.RemoveButton]: t("form.remove"),
    [TranslatableString.MoveUpButton]: t("form.moveUp"),
    [TranslatableString.MoveDownButton]: t("form.moveDown"),
    [TranslatableString.YesLabel]: t("yes"),
    [TranslatableString.NoLabel]: t("no"),
  };
  return (text: TranslatableString, params?: string[]) =>
    own[text] ?? englishStringTranslator(text, params);
}
