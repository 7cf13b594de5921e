import { Box, type BoxProps } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Panel.module.css";

/** A white sheet on the page's ground. */
export function Panel({ children, ...box }: BoxProps & { children: ReactNode }) {
  return (
    <Box {...box} className={classes.panel}>
      {children}
    </Box>
  );
}
