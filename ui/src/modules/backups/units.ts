const bytes = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** "1.5 GB" in the language. */
export function sizeText(size: number, language: string): string {
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

/** "2 hours", "90 minutes": a span in the largest unit that says it without a rest. */
export function spanText(seconds: number, language: string): string {
  const [unit, size] = spans.find(([, n]) => seconds >= n && seconds % n === 0) ?? spans[3];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    seconds / size,
  );
}
