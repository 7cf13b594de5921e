import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "./clipboard.ts";

/** Copies `value` to the clipboard; `label` names it for screen readers. */
export function CopyButton({ value, label }: { value: string; label: string }) {
  const { t } = useTranslation("common");
  const [copied, setCopied] = useState(false);
  const text = copied ? t("copied") : t("copy", { what: label });
  const copy = async () => {
    setCopied(await copyText(value));
    setTimeout(() => setCopied(false), 1_800);
  };
  return (
    <Tooltip label={text}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={text} onClick={copy}>
        {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
      </ActionIcon>
    </Tooltip>
  );
}
