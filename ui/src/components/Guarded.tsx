import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { MouseEvent, ReactNode } from "react";

interface Props extends ButtonProps {
  /** Why the action is not available; without it this is an ordinary button. */
  reason?: string;
  onClick?: () => void;
  type?: "button" | "submit";
  /** Renders a link that opens in a new tab. */
  href?: string;
  "aria-label"?: string;
  children: ReactNode;
}

/**
 * A button that stays focusable when it is unavailable and explains why in a tooltip. A disabled
 * button would be skipped by the keyboard and give no reason.
 */
export function GuardedButton({ reason, onClick, href, type, children, ...button }: Props) {
  if (reason) {
    return (
      <Tooltip label={reason} events={{ hover: true, focus: true, touch: true }}>
        <Button
          {...button}
          type="button"
          data-disabled
          aria-disabled
          onClick={(event: MouseEvent) => event.preventDefault()}
        >
          {children}
        </Button>
      </Tooltip>
    );
  }
  if (href) {
    return (
      <Button {...button} component="a" href={href} target="_blank" rel="noreferrer">
        {children}
      </Button>
    );
  }
  return (
    <Button {...button} type={type} onClick={onClick}>
      {children}
    </Button>
  );
}
