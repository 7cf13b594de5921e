import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ErrorState } from "./ErrorState.tsx";

interface Props {
  /** Why the last try did not work. */
  error?: Error | null;
  onCancel: () => void;
  /** The button that does it. */
  children: ReactNode;
}

/** The end of a dialog: what went wrong, the way back, and the button that does it. */
export function DialogFooter({ error, onCancel, children }: Props) {
  const { t } = useTranslation("common");
  return (
    <>
      {error && <ErrorState error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
        {children}
      </Group>
    </>
  );
}
