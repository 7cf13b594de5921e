import { Menu } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  /** Why the action is not available. */
  reason?: string;
  icon: Icon;
  color?: string;
  onClick: () => void;
  children: ReactNode;
}

/** A menu item that stays focusable when it is unavailable and explains why. */
export function GuardedItem({ reason, icon: Glyph, color, onClick, children }: Props) {
  return (
    <Menu.Item
      color={color}
      leftSection={<Glyph size={16} />}
      aria-disabled={reason ? true : undefined}
      data-disabled={reason ? true : undefined}
      title={reason}
      onClick={() => !reason && onClick()}
    >
      {children}
    </Menu.Item>
  );
}
