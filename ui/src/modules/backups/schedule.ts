import { useTranslation } from "react-i18next";
import type { Schedule } from "../../api/types.ts";

export const frequencies = ["daily", "weekly", "monthly", "cron"] as const;
export const weekdays = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;
export type Weekday = (typeof weekdays)[number];

/** The browser's own zone. */
export const viewerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** Every zone the browser knows, the reader's and UTC among them. */
export function timeZones(): string[] {
  return [...new Set([viewerZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

/** Monday is the first of January 2024. */
export function weekdayName(weekday: Weekday, language: string): string {
  const day = new Date(Date.UTC(2024, 0, 1 + weekdays.indexOf(weekday)));
  return new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(day);
}

/** What a clock in the zone shows: "Tue, 24 Nov 2026, 02:30". */
export function wallTime(iso: string, language: string, zone: string): string {
  const shape = {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  try {
    const format = new Intl.DateTimeFormat(language, { ...shape, timeZone: zone });
    return format.format(new Date(iso));
  } catch {
    // A zone that the server knows and this browser does not.
    return new Intl.DateTimeFormat(language, shape).format(new Date(iso));
  }
}

/** Whether clocks in both zones show the same at that moment. */
export const sameClock = (iso: string, a: string, b: string) =>
  wallTime(iso, "en", a) === wallTime(iso, "en", b);

/** When a plan runs, in words. */
export function useScheduleWords(): (schedule: Schedule) => string {
  const { t, i18n } = useTranslation("backups");
  return ({ frequency, time, weekday, day_of_month, cron }) =>
    t(`every.${frequency}`, {
      time,
      weekday: weekday && weekdayName(weekday, i18n.language),
      day: day_of_month,
      cron,
    });
}
