import type { Icon } from "@tabler/icons-react";
import classes from "./StatusChip.module.css";

export type Tone = "green" | "yellow" | "red" | "blue" | "gray";

/** Presentation of a status: color and icon, always shown with a label. */
export interface StatusStyle {
  tone: Tone;
  icon: Icon;
  /** Rotates the icon while an operation is in progress. */
  spinning?: boolean;
}

export function StatusChip({ statusStyle, label }: { statusStyle: StatusStyle; label: string }) {
  const { icon: Glyph, tone, spinning } = statusStyle;
  return (
    <span className={classes.chip} data-tone={tone}>
      <Glyph
        size={15}
        stroke={2.1}
        aria-hidden
        className={spinning ? classes.spinning : undefined}
      />
      {label}
    </span>
  );
}
