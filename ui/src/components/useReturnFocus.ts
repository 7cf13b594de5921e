import { useEffect, useState } from "react";

/** Restores the focus on unmount to the element that had it on mount. */
export function useReturnFocus() {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Run after the dialog's focus trap has been released.
      setTimeout(() => before instanceof HTMLElement && before.isConnected && before.focus());
    },
    [before],
  );
}
