import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ErrorState } from "./ErrorState.tsx";

interface Props {
  /** Error of the last attempt. */
  error?: Error | null;
  onCancel: () => void;
  /** The submit button. */
  children: ReactNode;
}

/** Footer of a dialog: error, Cancel, and the submit button. */
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
