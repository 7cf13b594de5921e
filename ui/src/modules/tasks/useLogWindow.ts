import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useReducer, useRef, useState } from "react";

/** Rows that the scrollbar spans: a browser's pages end at some 17 million pixels, a log has more. */
export const windowSize = 100_000;
const edge = 100;
const inSight = 100; // more than a screen shows
const rowHeight = 24;

const within = (position: number, total: number) =>
  Math.max(0, Math.min(position, total - windowSize));

/** A window on the rows 0 … total-1, of which only what is in sight is in the document. */
export function useLogWindow(total: number, frame: React.RefObject<HTMLDivElement | null>) {
  const [base, setBase] = useState(0);
  const [, render] = useReducer((n: number) => n + 1, 0);
  const aim = useRef<{ position: number; align: "start" | "center" | "end" }>(null);
  const count = Math.min(windowSize, total - base);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: useCallback((index: number) => base + index, [base]),
    useFlushSync: false,
  });
  useLayoutEffect(() => {
    const wanted = aim.current;
    if (!wanted || wanted.position < base || wanted.position >= base + count) return;
    aim.current = null;
    rows.scrollToIndex(wanted.position - base, { align: wanted.align });
  });

  const go = useCallback(
    (position: number, align: "start" | "center" | "end" = "center") => {
      aim.current = { position, align };
      setBase((at) =>
        position >= at && position < at + windowSize
          ? at
          : within(position - windowSize / 2, total),
      );
      render();
    },
    [total],
  );

  // Near an edge of the window it moves on, and what is in sight stays in sight.
  const onScroll = () => {
    if (!frame.current || aim.current) return;
    const first = rows.getVirtualItemForOffset(frame.current.scrollTop)?.index ?? 0;
    const up = first < edge && base > 0;
    const down = first > count - edge - inSight && base + count < total;
    if (!up && !down) return;
    aim.current = { position: base + first, align: "start" };
    setBase(within(base + first - windowSize / 2, total));
  };

  return { rows, base, go, onScroll };
}
