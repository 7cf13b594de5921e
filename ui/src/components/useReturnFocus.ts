import { useEffect, useState } from "react";

/** Gives the focus back, on leaving, to what had it when this came up. */
export function useReturnFocus() {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After the dialog's own focus trap has let go.
      setTimeout(() => before instanceof HTMLElement && before.isConnected && before.focus());
    },
    [before],
  );
}
