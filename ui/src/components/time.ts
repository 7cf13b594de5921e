import { useSyncExternalStore } from "react";

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Formats a relative time such as "3 minutes ago"; less than ten seconds is "now". */
export function relativeTime(iso: string, language: string, now: number): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (Math.abs(seconds) < 10) return format.format(0, "second");
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds), "second");
}

/** Formats date and time in the browser's time zone, including the zone name. */
export function absoluteTime(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "long",
  }).format(new Date(iso));
}

/** Formats a duration such as "1 h 04 min" or "12 s". */
export function duration(fromIso: string, toIso: string | null | undefined, now: number): string {
  const end = toIso ? new Date(toIso).getTime() : now;
  const seconds = Math.max(0, Math.round((end - new Date(fromIso).getTime()) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const clock = { now: Date.now(), listeners: new Set<() => void>(), timer: 0 };

function subscribe(listener: () => void) {
  clock.listeners.add(listener);
  if (!clock.timer) clock.timer = window.setInterval(tick, 1_000);
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size === 0) {
      window.clearInterval(clock.timer);
      clock.timer = 0;
    }
  };
}

function tick() {
  clock.now = Date.now();
  for (const listener of clock.listeners) listener();
}

/** Returns the current time rounded down to `step` milliseconds; components re-render only when it changes. */
export function useNow(step = 10_000): number {
  return useSyncExternalStore(subscribe, () => Math.floor(clock.now / step) * step);
}
