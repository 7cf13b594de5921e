import type { Icon } from "@tabler/icons-react";
import classes from "./StatusChip.module.css";

export type Tone = "green" | "yellow" | "red" | "blue" | "gray";

/** How one state is shown everywhere: colour, icon and word together, never colour alone. */
export interface Look {
  tone: Tone;
  icon: Icon;
  /** The icon turns while something is going on. */
  turning?: boolean;
}

export function StatusChip({ look, word }: { look: Look; word: string }) {
  const { icon: Glyph, tone, turning } = look;
  return (
    <span className={classes.chip} data-tone={tone}>
      <Glyph size={15} stroke={2.1} aria-hidden className={turning ? classes.turning : undefined} />
      {word}
    </span>
  );
}
