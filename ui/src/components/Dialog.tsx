import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useReturnFocus } from "./useReturnFocus.ts";

interface Props {
  title: string;
  size?: string;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog that is open as long as it is mounted. */
export function Dialog({ title, size, onClose, children }: Props) {
  const { t } = useTranslation("common");
  useReturnFocus();
  return (
    <Modal
      opened
      onClose={onClose}
      size={size}
      title={title}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {children}
    </Modal>
  );
}
