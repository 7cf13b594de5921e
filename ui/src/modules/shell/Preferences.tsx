import { Group, SegmentedControl, useMantineColorScheme, VisuallyHidden } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type Language, languageNames, languages, switchLanguage } from "../../i18n/i18n.ts";

/** Language selector; each language is named in itself. */
export function LanguageSwitch() {
  const { t, i18n } = useTranslation("common");
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("language")}
      value={i18n.language}
      onChange={(value) => void switchLanguage(value as Language)}
      data={languages.map((value) => ({
        value,
        label: (
          <span lang={value}>
            <span aria-hidden>{value.toUpperCase()}</span>
            <VisuallyHidden>{languageNames[value]}</VisuallyHidden>
          </span>
        ),
      }))}
    />
  );
}

const schemes = [
  { value: "light", icon: IconSun },
  { value: "dark", icon: IconMoon },
  { value: "auto", icon: IconDeviceDesktop },
] as const;

/** Color scheme selector: light, dark or system. */
export function ColorSchemeSwitch() {
  const { t } = useTranslation("common");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("theme")}
      value={colorScheme}
      onChange={(value) => setColorScheme(value as (typeof schemes)[number]["value"])}
      data={schemes.map(({ value, icon: Glyph }) => ({
        value,
        label: (
          <span title={t(`scheme.${value}`)}>
            <Glyph size={15} aria-hidden style={{ display: "block", marginBlock: 2 }} />
            <VisuallyHidden>{t(`scheme.${value}`)}</VisuallyHidden>
          </span>
        ),
      }))}
    />
  );
}

export function Preferences() {
  return (
    <Group gap="xs" justify="space-between" wrap="nowrap">
      <LanguageSwitch />
      <ColorSchemeSwitch />
    </Group>
  );
}
