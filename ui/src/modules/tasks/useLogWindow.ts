import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useReducer, useRef, useState } from "react";

/** Rows covered by the scrollbar: browsers limit an element's height to some 17 million pixels. */
export const windowSize = 100_000;
const edge = 100;
const visibleRows = 100; // more than fit on a screen
const rowHeight = 24;

const clampBase = (position: number, total: number) =>
  Math.max(0, Math.min(position, total - windowSize));

interface Target {
  position: number;
  align: "start" | "center" | "end";
}

/** A sliding window on the rows 0 … total-1; only visible rows are rendered. */
export function useLogWindow(total: number, frame: React.RefObject<HTMLDivElement | null>) {
  const [base, setBase] = useState(0);
  const [, render] = useReducer((n: number) => n + 1, 0);
  const pendingScroll = useRef<Target>(null);
  // The row that go() has shown. It stays in place while the lines around it load and change their height.
  const anchor = useRef<Target>(null);
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
    const target = pendingScroll.current;
    if (!target || target.position < base || target.position >= base + count) return;
    pendingScroll.current = null;
    rows.scrollToIndex(target.position - base, { align: target.align });
  });
  const size = rows.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed size is the reason to scroll again
  useLayoutEffect(() => {
    const target = anchor.current;
    if (!target || target.position < base || target.position >= base + count) return;
    rows.scrollToIndex(target.position - base, { align: target.align });
  }, [size]);

  const go = useCallback(
    (position: number, align: Target["align"] = "center") => {
      pendingScroll.current = { position, align };
      anchor.current = pendingScroll.current;
      setBase((at) =>
        position >= at && position < at + windowSize
          ? at
          : clampBase(position - windowSize / 2, total),
      );
      render();
    },
    [total],
  );

  // Move the window when scrolled near its edge, keeping the visible rows in place.
  const onScroll = () => {
    if (!frame.current || pendingScroll.current) return;
    const first = rows.getVirtualItemForOffset(frame.current.scrollTop)?.index ?? 0;
    const up = first < edge && base > 0;
    const down = first > count - edge - visibleRows && base + count < total;
    if (!up && !down) return;
    pendingScroll.current = { position: base + first, align: "start" };
    setBase(clampBase(base + first - windowSize / 2, total));
  };

  /** Lets the user scroll away from the row that go() has shown. */
  const release = useCallback(() => {
    anchor.current = null;
  }, []);

  return { rows, base, go, onScroll, release };
}
