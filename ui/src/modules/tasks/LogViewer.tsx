import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useImperativeHandle, useRef } from "react";
import { useTranslation } from "react-i18next";
import { logPageQuery, logPageSize } from "../../api/queries/taskLog.ts";
import { LogRow } from "./LogRow.tsx";
import classes from "./TaskLog.module.css";
import { useLogWindow } from "./useLogWindow.ts";

export interface LogViewerHandle {
  show: (position: number) => void;
}

interface Props {
  ref?: React.Ref<LogViewerHandle>;
  id: string;
  total: number;
  /** Step titles by step name. */
  steps: Map<string, string>;
  /** Keeps the newest line in view. */
  follow: boolean;
  /** Called when the user scrolls away from the newest line. */
  onLeave: () => void;
  /** Position of the line found by a search. */
  marked?: number;
}

/** Virtualized log: lines are fetched by position as they scroll into view. */
export function LogViewer({ ref, id, total, steps, follow, onLeave, marked }: Props) {
  const { t } = useTranslation("tasks");
  const frame = useRef<HTMLDivElement>(null);
  const { rows, base, go, onScroll, release } = useLogWindow(total, frame);
  const show = useCallback(
    (...at: Parameters<typeof go>) => {
      frame.current?.scrollIntoView({ block: "nearest" });
      go(...at);
    },
    [go],
  );
  useImperativeHandle(ref, () => ({ show }), [show]);
  useEffect(() => {
    if (follow && total > 0) go(total - 1, "end");
  }, [follow, total, go]);

  const items = rows.getVirtualItems();
  const numbers = [...new Set(items.map((i) => Math.floor((base + i.index) / logPageSize)))];
  const pages = useQueries({ queries: numbers.map((n) => logPageQuery(id, n)) });
  const lineAt = (position: number) => {
    const page = pages[numbers.indexOf(Math.floor(position / logPageSize))]?.data;
    return page?.find((line) => line.position === position);
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    release();
    if (event.key === "Home") show(0, "start");
    if (event.key === "End") show(total - 1, "end");
    if (event.key === "Home" || event.key === "End") event.preventDefault();
    if (["Home", "ArrowUp", "PageUp"].includes(event.key)) onLeave();
  };

  return (
    <div
      ref={frame}
      className={classes.log}
      role="log"
      aria-live="off"
      aria-label={t("log")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={onScroll}
      onPointerDown={release}
      onWheel={(event) => {
        release();
        if (event.deltaY < 0) onLeave();
      }}
      onTouchMove={() => {
        release();
        onLeave();
      }}
    >
      <ol aria-label={t("log")} className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {items.map((item) => {
          const position = base + item.index;
          const line = lineAt(position);
          return (
            <li
              key={item.key}
              ref={rows.measureElement}
              aria-posinset={position + 1}
              aria-setsize={total}
              aria-current={position === marked ? "true" : undefined}
              data-index={item.index}
              data-level={line?.level}
              className={classes.row}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <LogRow position={position} line={line} step={line && steps.get(line.step)} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}
