const bytes = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Formats a size such as "1.5 GB" in the language. */
export function formatSize(size: number, language: string): string {
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < bytes.length - 1) {
    value /= 1000;
    unit++;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: bytes[unit],
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

const spans = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Formats an interval such as "2 hours" or "90 minutes" in the largest unit that divides it. */
export function formatInterval(seconds: number, language: string): string {
  const [unit, size] = spans.find(([, n]) => seconds >= n && seconds % n === 0) ?? spans[3];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    seconds / size,
  );
}
