import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { MouseEvent, ReactNode } from "react";

interface Props extends ButtonProps {
  /** Why the action is not possible now; without it the button is a plain one. */
  reason?: string;
  onClick?: () => void;
  type?: "button" | "submit";
  /** Makes it a link to another site, opened in a new tab. */
  href?: string;
  "aria-label"?: string;
  children: ReactNode;
}

/**
 * A button that, when it may not be used, stays reachable by keyboard and says why
 * (a disabled one would be skipped and stay silent).
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
