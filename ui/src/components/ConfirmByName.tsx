import { Text, TextInput } from "@mantine/core";
import { Trans, useTranslation } from "react-i18next";

interface Props {
  name: string;
  value: string;
  onChange: (value: string) => void;
}

/** Asks for the object's name before an irreversible action. */
export function ConfirmByName({ name, value, onChange }: Props) {
  const { t } = useTranslation("common");
  return (
    <TextInput
      label={
        <Text span size="sm">
          <Trans t={t} i18nKey="typeName" values={{ name }} components={{ b: <b /> }} />
        </Text>
      }
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
