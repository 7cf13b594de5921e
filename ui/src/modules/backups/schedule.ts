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

/** Returns the browser's time zone. */
export const viewerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** Returns all time zones known to the browser, including its own and UTC. */
export function timeZones(): string[] {
  return [...new Set([viewerZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

/** Returns the localized weekday name; 1 January 2024 was a Monday. */
export function weekdayName(weekday: Weekday, language: string): string {
  const day = new Date(Date.UTC(2024, 0, 1 + weekdays.indexOf(weekday)));
  return new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(day);
}

/** Formats the local time in a zone: "Tue, 24 Nov 2026, 02:30". */
export function wallTime(iso: string, language: string, zone: string): string {
  const options = {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  try {
    const format = new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
    return format.format(new Date(iso));
  } catch {
    // The browser does not know the zone: fall back to its own.
    return new Intl.DateTimeFormat(language, options).format(new Date(iso));
  }
}

/** Reports whether both zones have the same local time at an instant. */
export const sameClock = (iso: string, a: string, b: string) =>
  wallTime(iso, "en", a) === wallTime(iso, "en", b);

/** Describes a schedule in the current language. */
export function useScheduleText(): (schedule: Schedule) => string {
  const { t, i18n } = useTranslation("backups");
  return ({ frequency, time, weekday, day_of_month, cron }) =>
    t(`scheduleText.${frequency}`, {
      time,
      weekday: weekday && weekdayName(weekday, i18n.language),
      day: day_of_month,
      cron,
    });
}
